"""Iterative SNIP: connection sensitivity, computed anew in many rounds (de Jorge et al. 2021).

SNIP looks at weights one by one, and cannot see what else goes with them. Here round k of n keeps a
share (1 - sparsity)^(k/n) of the weights (arXiv 2006.09081, section 4.1), and scores are taken in
the network without those that went before.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from tickets.criteria.snip import gradients, sensitivities
from tickets.criterion import Criterion, Inputs, Scores, load_scope


def scores(inputs: Inputs) -> Scores:
    """The scores of the last round; -1 for weights that earlier rounds pruned."""
    # Snakemake imports this file: torch is imported only where it is used.
    from tickets.training.first_batches import reserved_device

    rounds, kept_at_last = inputs.parameters["rounds"], 1 - float(inputs.sparsity)
    weights, mask, scope = inputs.prunable_weights, inputs.parent, load_scope("global")
    with reserved_device(inputs) as (encoded, model):
        for number in range(1, rounds):
            found = sensitivities(weights, gradients(inputs, encoded, model, mask))
            mask = scope.prune(found, mask, 1 - Fraction(kept_at_last ** (number / rounds)))
        found = sensitivities(weights, gradients(inputs, encoded, model, mask))
    return {name: np.where(mask.kept[name], found[name], np.float32(-1)) for name in found}


CRITERION = Criterion(
    label="iterative SNIP",
    scores=scores,
    of=("task", "seed"),
    reads=("train",),
    needs=("head", "labels", "batch_size", "mlm_probability", "precision", "threads"),
    parameters={"batches": 8, "rounds": 10},
    scope="global",
)
