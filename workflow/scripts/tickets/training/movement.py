"""Movement gathered during a training: how far it moves each weight away from zero."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from tickets.model.device import best_device
from tickets.model.network import Network
from tickets.model.parameters import Parameters
from tickets.training.observer import Observer


class Movement(Observer):
    """-w dL/dw of each prunable weight, summed over the steps of one training (Sanh et al., NeurIPS
    2020, arXiv 2005.07683, section 4).

    A step's weights and gradients are those before its update, and before clipping. A weight that
    is pruned, or that the head does not use, has 0. `shapes`: of the prunable matrices, by name.
    """

    def __init__(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        sizes = [math.prod(shape) for shape in shapes.values()]
        self._sum = torch.zeros(sum(sizes), device=best_device())
        parts = zip(shapes.items(), self._sum.split(sizes), strict=True)
        self._parts = {name: part.view(shape) for (name, shape), part in parts}

    def scores(self) -> dict[str, NDArray[np.float32]]:
        """The sum as an array for each prunable matrix, by name."""
        return {name: part.cpu().numpy() for name, part in self._parts.items()}

    def begin(self, network: Network) -> None:
        """Add to the sum in every backward pass from here on."""
        network.parameters.after_backward = partial(self._add, network.parameters)

    def seen(self) -> NDArray[np.float32]:
        """The sum so far [d], of all d prunable weights."""
        return self._sum.cpu().numpy()

    def restore(self, seen: NDArray[np.float32]) -> None:
        """Go on after the steps that had this sum."""
        self._sum.copy_(torch.from_numpy(seen))

    def _add(self, parameters: Parameters) -> None:
        for name, part in self._parts.items():
            part -= parameters.value_of(name) * parameters.grad_of(name)
