"""SNIP: theta_0's connection sensitivity on a task (Lee, Ajanthan and Torr, ICLR 2019)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tickets.architecture import Architecture
from tickets.criterion import Array, Criterion, Inputs, Scores
from tickets.encoded import Encoded
from tickets.masks import Mask


def scores(inputs: Inputs) -> Scores:
    """|dL/dw . w| (eq. 4), without the paper's division by the sum, which keeps the order."""
    # Snakemake imports this file: torch is imported only where it is used.
    from tickets.training.first_batches import reserved_device

    with reserved_device(inputs) as (encoded, model):
        slopes = gradients(inputs, encoded, model)
    return sensitivities(inputs.prunable_weights, slopes)


def sensitivities(weights: Scores, slopes: Scores) -> Scores:
    """|w| times |dL/dw|."""
    return {name: np.abs(weight) * np.abs(slopes[name]) for name, weight in weights.items()}


def gradients(
    inputs: Inputs, encoded: Encoded, model: Architecture, mask: Mask | None = None
) -> Mapping[str, Array]:
    """dL/dw of every prunable matrix under `mask` (None: the parent), without dropout, summed over
    a training's first batches.

    The gradient of a matrix that the head does not use (the pooler, for a span or MLM) is zero.
    """
    from tickets.model.dropout import NONE
    from tickets.training.first_batches import first_batches

    network, batches = first_batches(inputs, encoded, model, mask)
    parameters = network.parameters
    summed = {n: np.zeros(s, dtype=np.float32) for n, s in inputs.parent.prunable.shapes.items()}

    def add() -> None:
        for name, total in summed.items():
            total += parameters.grad_of(name).cpu().numpy()

    parameters.after_backward = add
    for batch in batches:
        parameters.clear()
        network.backward(network.loss(batch, NONE))
    return summed


CRITERION = Criterion(
    label="SNIP",
    scores=scores,
    of=("task", "seed"),
    reads=("train",),
    needs=("head", "labels", "batch_size", "mlm_probability", "precision", "threads"),
    # Lee et al. use one batch of 100 or 128 examples; GLUE's batches have 16 or 32.
    parameters={"batches": 8},
)
