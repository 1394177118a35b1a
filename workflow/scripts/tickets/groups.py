"""Prune groups of neighbours alike: scopes that compare scores within a part of a row."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from tickets.criterion import Scope, Scores, Shapes
from tickets.errors import BadInput
from tickets.masks import Mask
from tickets.schedule import pruned_count


def prune_groups(scores: Scores, parent: Mask, sparsity: Fraction, length: int | None) -> Mask:
    """Prune the weights of lowest score in each group of `length` neighbours in a row (None: in
    each row), the inputs of one unit.

    Afterwards exactly `pruned_count(sparsity, n)` of a group's n weights are pruned. Ties are
    pruned by position.

    Raises:
        BadInput: a score is NaN, a row is not a whole number of groups, or a group of `parent` is
            sparser than `sparsity` already.
    """
    kept: dict[str, NDArray[np.bool_]] = {}
    for name, shape in parent.prunable.shapes.items():
        size = length or shape[1]
        if shape[1] % size:
            raise BadInput(f"pruning: a row of {name} has {shape[1]} weights, not groups of {size}")
        if np.isnan(scores[name]).any():
            raise BadInput("pruning: a weight is NaN; the training before it has diverged")
        alive, count = parent.kept[name].reshape(-1, size), pruned_count(sparsity, size)
        if (size - alive.sum(axis=1) > count).any():
            raise BadInput(
                f"pruning: a group of {name} is sparser than {sparsity} already; write a higher one"
            )
        # What the parent prunes stays pruned, and so comes first.
        order = np.lexsort((scores[name].reshape(-1, size), alive), axis=1)
        bits = np.ones(alive.shape, bool)
        np.put_along_axis(bits, order[:, :count], values=False, axis=1)
        kept[name] = bits.reshape(shape)
    return Mask(prunable=parent.prunable, kept=kept)


def scope_of_groups(length: int | None) -> Scope:
    """The scope that prunes the same number of every `length` neighbours in a row; None: of each
    row.

    At half of 4 neighbours it is the pattern that GPUs skip (Mishra et al. 2021, arXiv 2104.08378).
    Of groups both functions raise BadInput for a sparsity that is no whole number of weights.
    """

    def prune(scores: Scores, parent: Mask, sparsity: Fraction) -> Mask:
        _check_whole(sparsity, length)
        return prune_groups(scores, parent, sparsity, length)

    def expected(shapes: Shapes, sparsity: Fraction) -> dict[str | None, int]:
        _check_whole(sparsity, length)
        return {
            name: rows * (width // size) * pruned_count(sparsity, size)
            for name, (rows, width) in shapes.items()
            for size in (length or width,)
        }

    return Scope(prune=prune, expected=expected)


def _check_whole(sparsity: Fraction, length: int | None) -> None:
    if length and (sparsity * length).denominator != 1:
        raise BadInput(
            f"a sparsity of {float(sparsity):g} is no whole number of every {length} weights;"
            f" write multiples of {1 / length:g}, such as prune_share: {1 / length:g}"
        )
