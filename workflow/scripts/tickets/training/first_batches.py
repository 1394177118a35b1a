"""A network on the batches that a training would begin with, for criteria that read data."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager

import numpy as np

from tickets import architecture
from tickets.architecture import Architecture
from tickets.criterion import Inputs, Scores
from tickets.encoded import Encoded
from tickets.masks import Mask
from tickets.model import device
from tickets.model.dropout import NONE
from tickets.model.network import Batch, Network
from tickets.training import gpu
from tickets.training.loop import batch_at, initial_head
from tickets.training.recipe import Recipe
from tickets.weights import rewind


@contextmanager
def reserved_device(inputs: Inputs) -> Generator[tuple[Encoded, Architecture]]:
    """Reserve and prepare the device; yields the training split and the architecture.

    The type of products is recorded among the facts of the mask.
    """
    model = architecture.read(inputs.files["model"])
    with gpu.reserved(inputs.trainings_per_gpu):
        device.prepare(inputs.parameters["threads"])
        inputs.facts["products"] = str(device.product_dtype(inputs.parameters["precision"]))
        yield Encoded.read(inputs.files["train"]), model


def first_batches(
    inputs: Inputs, encoded: Encoded, model: Architecture, mask: Mask | None = None
) -> tuple[Network, Iterator[Batch]]:
    """The network under `mask` (None: the parent), with the head that a training would begin with,
    and its first `batches` batches, each made when it is asked for. There are no updates.
    """
    values, mask = inputs.parameters, mask or inputs.parent
    recipe = Recipe(
        epochs=None,
        steps=values["batches"],
        batch_size=values["batch_size"],
        learning_rate=0.0,
        mlm_probability=values["mlm_probability"],
        precision=values["precision"],
    )
    head, seed = values["head"], inputs.seed
    ticket = rewind(inputs.weights, mask)
    theta, gamma = initial_head(
        ticket, model, head=head, labels=values["labels"], seed=seed, task=inputs.task
    )
    dtype = device.product_dtype(recipe.precision)
    network = Network.of(theta, gamma, model, head, dtype=dtype, mask=mask)
    batches = (
        batch_at(network, encoded, None, None, recipe, seed, step)
        for step in range(values["batches"])
    )
    return network, batches


def sum_gradients(
    inputs: Inputs,
    encoded: Encoded,
    model: Architecture,
    mask: Mask | None = None,
    *,
    squared: bool = False,
) -> Scores:
    """dL/dw of every prunable matrix under `mask` (None: the parent), without dropout, summed over
    the first batches; with `squared` its square.

    The gradient of a matrix that the head does not use (the pooler, for a span or MLM) is zero.
    """
    network, batches = first_batches(inputs, encoded, model, mask)
    parameters = network.parameters
    total = {n: np.zeros(s, dtype=np.float32) for n, s in inputs.parent.prunable.shapes.items()}

    def add() -> None:
        for name, values in total.items():
            slope = parameters.grad_of(name).cpu().numpy()
            values += slope**2 if squared else slope

    parameters.after_backward = add
    for batch in batches:
        parameters.clear()
        network.backward(network.loss(batch, NONE))
    return total
