"""SNIP: theta_0's connection sensitivity on a task (Lee, Ajanthan and Torr, ICLR 2019)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tickets import architecture
from tickets.architecture import Architecture
from tickets.criterion import Array, Criterion, Inputs, Scores
from tickets.encoded import Encoded


def scores(inputs: Inputs) -> Scores:
    """|dL/dw . w| (eq. 4), without the paper's division by the sum, which keeps the order."""
    # Snakemake imports this file: torch is imported only where it is used.
    from tickets.model import device
    from tickets.training import gpu

    model = architecture.read(inputs.files["model"])
    with gpu.reserved(inputs.trainings_per_gpu):
        device.prepare(inputs.parameters["threads"])
        inputs.facts["products"] = str(device.product_dtype(inputs.parameters["precision"]))
        slopes = gradients(inputs, Encoded.read(inputs.files["train"]), model)
    return sensitivities(inputs.prunable_weights, slopes)


def sensitivities(weights: Scores, slopes: Scores) -> Scores:
    """|w| times |dL/dw|."""
    return {name: np.abs(weight) * np.abs(slopes[name]) for name, weight in weights.items()}


def gradients(inputs: Inputs, encoded: Encoded, model: Architecture) -> Mapping[str, Array]:
    """dL/dw of every prunable matrix, without dropout, summed over a training's first batches.

    The gradient of a matrix that the head does not use (the pooler, for a span or MLM) is zero.
    """
    from tickets.model.device import product_dtype
    from tickets.model.dropout import NONE
    from tickets.model.network import Network
    from tickets.training.loop import batch_at, initial_head
    from tickets.training.recipe import Recipe

    values = inputs.parameters
    recipe = Recipe(
        epochs=None,
        steps=values["batches"],
        batch_size=values["batch_size"],
        learning_rate=0.0,
        mlm_probability=values["mlm_probability"],
        precision=values["precision"],
    )
    head, seed = values["head"], inputs.seed
    theta, gamma = initial_head(
        inputs.weights, model, head=head, labels=values["labels"], seed=seed, task=inputs.task
    )
    dtype = product_dtype(recipe.precision)
    network = Network.of(theta, gamma, model, head, dtype=dtype, mask=inputs.parent)
    parameters = network.parameters
    summed = {n: np.zeros(s, dtype=np.float32) for n, s in inputs.parent.prunable.shapes.items()}

    def add() -> None:
        for name, total in summed.items():
            total += parameters.grad_of(name).cpu().numpy()

    parameters.after_backward = add
    for step in range(values["batches"]):
        parameters.clear()
        batch = batch_at(network, encoded, None, None, recipe, seed, step)
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
