"""SNIP: theta_0's connection sensitivity on a task (Lee, Ajanthan and Torr, ICLR 2019)."""

from __future__ import annotations

import numpy as np

from tickets.criterion import NETWORK_NEEDS, Criterion, Inputs, Scores


def scores(inputs: Inputs) -> Scores:
    """|dL/dw . w| (eq. 4), without the paper's division by the sum, which keeps the order."""
    # Snakemake imports this file: torch is imported only where it is used.
    from tickets.training.first_batches import reserved_device, sum_gradients

    with reserved_device(inputs) as (encoded, model):
        slopes = sum_gradients(inputs, encoded, model)
    return sensitivities(inputs.prunable_weights, slopes)


def sensitivities(weights: Scores, slopes: Scores) -> Scores:
    """|w| times |dL/dw|."""
    return {name: np.abs(weight) * np.abs(slopes[name]) for name, weight in weights.items()}


CRITERION = Criterion(
    label="SNIP",
    scores=scores,
    of=("task", "seed"),
    reads=("train",),
    needs=NETWORK_NEEDS,
    # Lee et al. use one batch of 100 or 128 examples; GLUE's batches have 16 or 32.
    parameters={"batches": 8},
)
