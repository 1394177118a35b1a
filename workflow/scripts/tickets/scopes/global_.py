"""Compare all scores with each other, as the paper does."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from tickets.criterion import Scope, Scores, Shapes
from tickets.errors import BadInput
from tickets.masks import Mask, from_flat
from tickets.schedule import pruned_count


def prune_global(scores: Scores, parent: Mask, sparsity: Fraction) -> Mask:
    """Prune the weights with the lowest scores among all that `parent` keeps.

    Afterwards exactly `pruned_count(sparsity, d)` of the d prunable weights are pruned. Ties are
    pruned by position: matrices in the prunable set's order, C order within each.

    Args:
        scores: an array for each prunable matrix, of its shape; magnitudes for IMP and one-shot.
        parent: the mask so far; what it prunes stays pruned.
        sparsity: share of the whole prunable set that is pruned afterwards.

    Raises:
        BadInput: a score is NaN, or `parent` is sparser than `sparsity` already.
    """
    flat = np.concatenate([scores[name].ravel() for name in parent.prunable.shapes])
    alive = np.concatenate([bits.ravel() for bits in parent.kept.values()])
    if np.isnan(flat).any():
        raise BadInput("pruning: a weight is NaN; the training before it has diverged")
    more = pruned_count(sparsity, flat.size) - parent.pruned
    if more < 0:
        raise BadInput(
            f"pruning: {parent.pruned} weights are pruned already, but sparsity {sparsity} means "
            f"{parent.pruned + more}; write a higher one"
        )
    if more == 0:
        return parent
    threshold = np.partition(flat[alive], more - 1)[more - 1]
    kept = alive & (flat >= threshold)
    tied = np.flatnonzero(alive & (flat == threshold))
    below = np.count_nonzero(alive) - np.count_nonzero(kept)
    kept[tied[: more - below]] = False
    return from_flat(parent.prunable, kept)


def expected(shapes: Shapes, sparsity: Fraction) -> dict[str | None, int]:
    """The number of all prunable weights that are pruned."""
    return {None: pruned_count(sparsity, sum(map(math.prod, shapes.values())))}


SCOPE = Scope(prune=prune_global, expected=expected)
