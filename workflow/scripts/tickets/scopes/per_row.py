"""Compare scores within each row of a matrix, the inputs of one unit, and prune each row alike."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from tickets.criterion import Scope, Scores, Shapes
from tickets.errors import BadInput
from tickets.masks import Mask
from tickets.schedule import pruned_count


def prune_per_row(scores: Scores, parent: Mask, sparsity: Fraction) -> Mask:
    """Prune the weights of lowest score in each row, to `sparsity` of the row.

    Afterwards exactly `pruned_count(sparsity, n)` of a row's n weights are pruned. Ties are pruned
    by position.

    Raises:
        BadInput: a score is NaN, or a row of `parent` is sparser than `sparsity` already.
    """
    kept: dict[str, NDArray[np.bool_]] = {}
    for name, (rows, length) in parent.prunable.shapes.items():
        if np.isnan(scores[name]).any():
            raise BadInput("pruning: a weight is NaN; the training before it has diverged")
        count = pruned_count(sparsity, length)
        alive = parent.kept[name]
        if (length - alive.sum(axis=1) > count).any():
            raise BadInput(
                f"pruning: a row of {name} is sparser than {sparsity} already; write a higher one"
            )
        # What the parent prunes stays pruned, and so comes first.
        order = np.lexsort((scores[name], alive), axis=1)
        kept[name] = np.ones((rows, length), bool)
        np.put_along_axis(kept[name], order[:, :count], values=False, axis=1)
    return Mask(prunable=parent.prunable, kept=kept)


def expected(shapes: Shapes, sparsity: Fraction) -> dict[str | None, int]:
    """The number of weights of each matrix that are pruned."""
    return {name: rows * pruned_count(sparsity, length) for name, (rows, length) in shapes.items()}


SCOPE = Scope(prune=prune_per_row, expected=expected)
