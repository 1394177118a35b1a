"""Scores in, mask out: the ways of finding a mask."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from tickets.errors import BadInput
from tickets.masks import Mask, from_flat
from tickets.prunable import PrunableSet
from tickets.schedule import pruned_count
from tickets.seeds import derive

Scores = Mapping[str, NDArray[np.float32]]


def lowest(scores: Scores, parent: Mask, sparsity: Fraction) -> Mask:
    """Prune the weights of lowest score among those alive in `parent`, globally.

    Exactly `pruned_count(sparsity, d)` of the d prunable weights are pruned afterwards. Equal
    scores are pruned in order of position: matrices in the prunable set's order, C order within.

    Args:
        scores: one array a prunable matrix, of its shape; magnitudes for IMP and one-shot.
        parent: what has been pruned before stays pruned.
        sparsity: share of the whole prunable set that is pruned afterwards.

    Raises:
        BadInput: a score is not a number, or `parent` is sparser than `sparsity` already.
    """
    flat = np.concatenate([scores[name].ravel() for name in parent.prunable.shapes])
    alive = np.concatenate([bits.ravel() for bits in parent.kept.values()])
    if np.isnan(flat).any():
        raise BadInput("pruning: a weight is NaN; the training before it has diverged")
    more = pruned_count(sparsity, flat.size) - parent.pruned
    if more < 0:
        raise BadInput(
            f"pruning: {parent.pruned} weights are pruned already, sparsity {sparsity} asks for "
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


def lowest_of_each(scores: Scores, parent: Mask, sparsity: Fraction) -> Mask:
    """As `lowest`, each matrix pruned by itself, to `sparsity` of its own weights.

    Raises:
        BadInput: as `lowest` does.
    """
    kept: dict[str, NDArray[np.bool_]] = {}
    for name, shape in parent.prunable.shapes.items():
        one = PrunableSet(shapes={name: shape})
        alone = Mask(prunable=one, kept={name: parent.kept[name]})
        kept |= lowest({name: scores[name]}, alone, sparsity).kept
    return Mask(prunable=parent.prunable, kept=kept)


SCOPES = {"global": lowest, "per_matrix": lowest_of_each}
"""Over what scores are compared; the paper prunes globally."""


def magnitudes(weights: Mapping[str, NDArray[np.float32]], prunable: PrunableSet) -> Scores:
    """The absolute values of the prunable weights (paper, Algorithm 1, line 3).

    Raises:
        BadInput: a prunable matrix is missing from `weights` or has another shape.
    """
    for name, shape in prunable.shapes.items():
        if name not in weights or weights[name].shape != shape:
            raise BadInput(f"pruning: the mask is for another model: no {name} of shape {shape}")
    return {name: np.abs(weights[name]) for name in prunable.shapes}


def sensitivities(
    weights: Mapping[str, NDArray[np.float32]],
    gradients: Mapping[str, NDArray[np.float32]],
    prunable: PrunableSet,
) -> Scores:
    """SNIP's connection sensitivities |dL/dw . w| (Lee, Ajanthan and Torr, ICLR 2019, eq. 4).

    Their division by the sum leaves the order as it is, and is left out.

    Raises:
        BadInput: a prunable matrix is missing, or one of another shape.
    """
    sizes, slopes = magnitudes(weights, prunable), magnitudes(gradients, prunable)
    return {name: size * slopes[name] for name, size in sizes.items()}


def at_random(prunable: PrunableSet, sparsity: Fraction, seed: int) -> Mask:
    """A mask with the exact count of `sparsity`, drawn uniformly over the whole prunable set."""
    generator = np.random.default_rng(derive(seed, "random mask"))
    kept = np.ones(prunable.size, dtype=bool)
    count = pruned_count(sparsity, prunable.size)
    kept[generator.choice(prunable.size, size=count, replace=False, shuffle=False)] = False
    return from_flat(prunable, kept)


def at_random_like(mask: Mask, seed: int) -> Mask:
    """A random mask that prunes as many weights of each matrix as `mask` does.

    It tells which weights stay from how many stay where.
    """
    kept: dict[str, NDArray[np.bool_]] = {}
    for name, bits in mask.kept.items():
        generator = np.random.default_rng(derive(seed, f"layerwise random mask: {name}"))
        flat = generator.permutation(bits.size) < np.count_nonzero(bits)
        kept[name] = flat.reshape(bits.shape)
    return Mask(prunable=mask.prunable, kept=kept)
