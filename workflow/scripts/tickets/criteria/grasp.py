"""GraSP: what a weight contributes to the gradient's size (Wang, Zhang and Grosse, ICLR 2020).

Removing w changes the squared norm of the gradient g by about -w (H g), H the Hessian of the loss
on the first batches of a training (arXiv 2002.07376, eq. 9). The weights whose removal leaves the
most are pruned first, so w (H g) is the score: it can be negative. The paper's temperature of 200
is left out, as a new head's outputs are near zero anyway; MLM's head is pre-trained.

H g is a difference of two gradients, at theta_0 plus and minus a small step along g: in bfloat16
nothing would be left of it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tickets.criterion import NETWORK_NEEDS, Criterion, Inputs, Scores


def scores(inputs: Inputs) -> Scores:
    """The product w (H g) for every prunable weight w."""
    # Snakemake imports this file: torch is imported only where it is used.
    from tickets.training.first_batches import reserved_device, sum_gradients

    weights = inputs.prunable_weights
    with reserved_device(inputs) as (encoded, model):
        g = sum_gradients(inputs, encoded, model)
        step = inputs.parameters["step"] * _norm(weights) / _norm(g)

        def gradients_at(length: float) -> Scores:
            moved = {
                name: weight + np.float32(length) * g[name] for name, weight in weights.items()
            }
            there = replace(inputs, weights={**inputs.weights, **moved})
            return sum_gradients(there, encoded, model)

        ahead, behind = gradients_at(step), gradients_at(-step)
    return {
        name: (weight * (ahead[name] - behind[name]) / (2 * step)).astype(np.float32)
        for name, weight in weights.items()
    }


def _norm(values: Scores) -> float:
    return float(np.sqrt(sum(np.square(each, dtype=np.float64).sum() for each in values.values())))


CRITERION = Criterion(
    label="GraSP",
    scores=scores,
    of=("task", "seed"),
    reads=("train",),
    needs=tuple(name for name in NETWORK_NEEDS if name != "precision"),
    # step: its length, as a share of the weights' norm.
    parameters={"batches": 8, "precision": "float32", "step": 0.001},
)
