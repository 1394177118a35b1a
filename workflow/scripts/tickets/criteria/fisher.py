"""Fisher: the squared weight times its empirical Fisher information on a task (Theis et al. 2018).

Removing a weight w raises the loss by about F w^2 / 2 (arXiv 1801.05787, eq. 8), F the mean of its
squared gradients, here over the first batches of a training, each a mean over its examples.
"""

from __future__ import annotations

from tickets.criterion import NETWORK_NEEDS, Criterion, Inputs, Scores


def scores(inputs: Inputs) -> Scores:
    """The product of w^2 and the sum over batches of (dL/dw)^2, which keeps the order."""
    # Snakemake imports this file: torch is imported only where it is used.
    from tickets.training.first_batches import reserved_device, sum_gradients

    with reserved_device(inputs) as (encoded, model):
        squares = sum_gradients(inputs, encoded, model, squared=True)
    return {name: weight**2 * squares[name] for name, weight in inputs.prunable_weights.items()}


CRITERION = Criterion(
    label="Fisher",
    scores=scores,
    of=("task", "seed"),
    reads=("train",),
    needs=NETWORK_NEEDS,
    parameters={"batches": 32},
)
