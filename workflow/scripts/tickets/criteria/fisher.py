"""Fisher: the squared weight times its empirical Fisher information on a task (Theis et al. 2018).

Removing a weight w raises the loss by about F w^2 / 2 (arXiv 1801.05787, eq. 8), F the mean of its
squared gradients, here over the first batches of a training, each a mean over its examples.
"""

from __future__ import annotations

import numpy as np

from tickets.criterion import Criterion, Inputs, Scores


def scores(inputs: Inputs) -> Scores:
    """w^2 times the sum over batches of (dL/dw)^2, which keeps the order."""
    # Snakemake imports this file: torch is imported only where it is used.
    from tickets.model.dropout import NONE
    from tickets.training.first_batches import first_batches, reserved_device

    weights = inputs.prunable_weights
    summed = {name: np.zeros_like(weight) for name, weight in weights.items()}
    with reserved_device(inputs) as (encoded, model):
        network, batches = first_batches(inputs, encoded, model)
        parameters = network.parameters

        def add_squares() -> None:
            for name, total in summed.items():
                total += parameters.grad_of(name).cpu().numpy() ** 2

        parameters.after_backward = add_squares
        for batch in batches:
            parameters.clear()
            network.backward(network.loss(batch, NONE))
    return {name: weight**2 * summed[name] for name, weight in weights.items()}


CRITERION = Criterion(
    label="Fisher",
    scores=scores,
    of=("task", "seed"),
    reads=("train",),
    needs=("head", "labels", "batch_size", "mlm_probability", "precision", "threads"),
    parameters={"batches": 32},
)
