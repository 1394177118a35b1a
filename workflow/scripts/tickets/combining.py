"""Combine masks: a mask as sparse as they are, by how many of them keep each weight."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tickets.criterion import load_scope
from tickets.errors import BadInput
from tickets.masks import Mask, dense
from tickets.weights import Weights, prunable_of

Votes = NDArray[np.int64]

COMPLEMENT = "complement"
"""The combination that is made of a single mask."""

RANKS: Mapping[str, Callable[[Votes, int], NDArray[Any]]] = {
    "union": lambda votes, _: votes > 0,
    "intersection": lambda votes, masks: votes == masks,
    "vote": lambda votes, _: votes,
    COMPLEMENT: lambda votes, _: votes == 0,
}
"""What a weight is ranked by, from the number of masks that keep it and the number of masks."""


def combine(
    parents: Sequence[Mask], theta_0: Weights, by: str, sparsity: Fraction, scope: str
) -> Mask:
    """The mask of `sparsity` that keeps the weights of highest rank (`RANKS[by]`), and among equal
    ranks those of largest magnitude in `theta_0`.

    Of masks of one sparsity the union keeps more weights than each of them, and the intersection
    fewer. So a mask by `union` is within their union, and one by `intersection` contains their
    intersection; one by `vote` does both. A complement keeps first what its one mask prunes: of
    a mask of sparsity s, it is the exact complement if its own sparsity is 1 - s, within that if it
    is higher, and contains it if it is lower. Weights equal in rank and magnitude are pruned by
    position. `scope` says which weights are compared, as for the masks themselves.

    Raises:
        BadInput: the masks are for another model, or the scope cannot prune to that sparsity.
    """
    prunable = prunable_of(theta_0)
    if any(mask.prunable.digest != prunable.digest for mask in parents):
        raise BadInput("combining: a mask is for another model than theta_0; use masks of one")
    scores: dict[str, NDArray[Any]] = {}
    for name in prunable.shapes:
        votes = np.stack([mask.kept[name] for mask in parents]).sum(axis=0, dtype=np.int64)
        rank = RANKS[by](votes, len(parents)).astype(np.int64)
        # The bits of a positive float32, as a number, are in the order of its values.
        scores[name] = rank << 32 | np.abs(theta_0[name]).view(np.uint32)
    return load_scope(scope).prune(scores, dense(prunable), sparsity)
