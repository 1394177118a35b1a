"""Compare scores within each matrix, and prune the same share of each."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from tickets.criterion import Scope, Scores, Shapes
from tickets.masks import Mask
from tickets.prunable import PrunableSet
from tickets.schedule import pruned_count
from tickets.scopes.global_ import prune_global


def prune_per_matrix(scores: Scores, parent: Mask, sparsity: Fraction) -> Mask:
    """`prune_global` for each matrix by itself, to `sparsity` of its own weights.

    Raises:
        BadInput: as `prune_global` does.
    """
    kept: dict[str, NDArray[np.bool_]] = {}
    for name, shape in parent.prunable.shapes.items():
        one = PrunableSet(shapes={name: shape})
        alone = Mask(prunable=one, kept={name: parent.kept[name]})
        kept |= prune_global({name: scores[name]}, alone, sparsity).kept
    return Mask(prunable=parent.prunable, kept=kept)


def expected(shapes: Shapes, sparsity: Fraction) -> dict[str | None, int]:
    """The number of weights of each matrix that are pruned."""
    return {name: pruned_count(sparsity, math.prod(shape)) for name, shape in shapes.items()}


SCOPE = Scope(prune=prune_per_matrix, expected=expected)
