"""Random: weights drawn uniformly over the whole prunable set (m_RP)."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from tickets.criterion import Criterion, Inputs, Scores
from tickets.masks import Mask, from_flat
from tickets.prunable import PrunableSet
from tickets.schedule import pruned_count
from tickets.seeds import derive


def scores(inputs: Inputs) -> Scores:
    """1 for each weight that the random mask keeps, 0 for the others."""
    mask = draw(inputs.parent.prunable, inputs.sparsity, inputs.seed)
    return {name: bits.astype(np.float32) for name, bits in mask.kept.items()}


def draw(prunable: PrunableSet, sparsity: Fraction, seed: int) -> Mask:
    """A mask that prunes exactly `pruned_count` weights, drawn uniformly over the prunable set."""
    generator = np.random.default_rng(derive(seed, "random mask"))
    kept = np.ones(prunable.size, dtype=bool)
    count = pruned_count(sparsity, prunable.size)
    kept[generator.choice(prunable.size, size=count, replace=False, shuffle=False)] = False
    return from_flat(prunable, kept)


CRITERION = Criterion(label="random", scores=scores, of=("seed",), scope="global")
