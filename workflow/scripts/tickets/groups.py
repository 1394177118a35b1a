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
                f"pruning: a row of {name} is sparser than {sparsity} already; write a higher one"
            )
        # What the parent prunes stays pruned, and so comes first.
        order = np.lexsort((scores[name].reshape(-1, size), alive), axis=1)
        bits = np.ones(alive.shape, bool)
        np.put_along_axis(bits, order[:, :count], values=False, axis=1)
        kept[name] = bits.reshape(shape)
    return Mask(prunable=parent.prunable, kept=kept)


def scope_of_groups(length: int) -> Scope:
    """The scope that prunes the same number of every `length` neighbours.

    At half of them it is the pattern that GPUs skip: 2 of 4 zeros (Mishra et al. 2021, arXiv
    2104.08378). Its `expected` raises BadInput for a sparsity that is no whole number of a group.
    """

    def prune(scores: Scores, parent: Mask, sparsity: Fraction) -> Mask:
        _whole(sparsity)
        return prune_groups(scores, parent, sparsity, length)

    def expected(shapes: Shapes, sparsity: Fraction) -> dict[str | None, int]:
        pruned = _whole(sparsity)
        return {name: rows * width // length * pruned for name, (rows, width) in shapes.items()}

    def _whole(sparsity: Fraction) -> int:
        if (sparsity * length).denominator != 1:
            raise BadInput(
                f"a sparsity of {float(sparsity):g} is no whole number of every {length} weights;"
                f" write multiples of {1 / length:g}, such as prune_share: {1 / length:g}"
            )
        return int(sparsity * length)

    return Scope(prune=prune, expected=expected)
