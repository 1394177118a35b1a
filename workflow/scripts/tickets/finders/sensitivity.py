"""Gradients of a network before any training: what SNIP weighs its connections by."""

from __future__ import annotations

import numpy as np

from tickets.architecture import Architecture
from tickets.encoded import Encoded
from tickets.masks import Mask
from tickets.model.device import products
from tickets.model.dropout import NONE
from tickets.model.network import Network
from tickets.training.loop import Tensors, batch_at
from tickets.training.recipe import Recipe


def gradients(
    theta: Tensors,
    gamma: Tensors,
    dense: Mask,
    encoded: Encoded,
    architecture: Architecture,
    recipe: Recipe,
    *,
    head: str,
    seed: int,
    batches: int,
) -> Tensors:
    """dL/dw of every prunable matrix, dropout off, summed over a training's first batches.

    A matrix that the head does not use (the pooler's, for a span or MLM) has gradient zero.
    """
    network = Network.of(
        theta, gamma, architecture, head, dtype=products(recipe.precision), mask=dense
    )
    parameters = network.parameters
    names = list(dense.kept)
    summed = {name: np.zeros(dense.kept[name].shape, dtype=np.float32) for name in names}

    def add() -> None:
        for name in names:
            summed[name] += parameters.grad_of(name).cpu().numpy()

    parameters.after_backward = add
    for step in range(batches):
        parameters.clear()
        batch = batch_at(network, encoded, None, None, recipe, seed, step)
        network.backward(network.loss(batch, NONE))
    return summed
