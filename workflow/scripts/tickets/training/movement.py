"""Movement gathered during a training: how far it moves each weight away from zero."""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray

from tickets.model.device import best_device
from tickets.model.network import Network
from tickets.model.parameters import Parameters


class Movement:
    """-w dL/dw of each prunable weight, summed over the steps of one training (Sanh et al., NeurIPS
    2020, arXiv 2005.07683, section 4).

    A step's weights and gradients are those before its update, and before clipping. A weight that
    is pruned, or that the head does not use, has 0. `shapes`: of the prunable matrices, by name.

    `evaluate`, `rows` and `restore` are what a training asks of a validation: given in the place of
    one, the sum is saved with the training's state, and goes on with it.
    """

    def __init__(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        sizes = [math.prod(shape) for shape in shapes.values()]
        self._sum = torch.zeros(sum(sizes), device=best_device())
        parts = zip(shapes.items(), self._sum.split(sizes), strict=True)
        self._parts = {name: part.view(shape) for (name, shape), part in parts}

    @contextmanager
    def observing(self) -> Generator[None]:
        """Within the block every backward pass of this process adds to the sum.

        A training builds its network itself, so that the observer is set for all networks.
        """

        def observe(parameters: Parameters) -> None:
            self._add(parameters)

        # A function that a class has is a method of its instances.
        Parameters.after_backward = observe  # type: ignore[assignment]
        try:
            yield
        finally:
            Parameters.after_backward = None  # type: ignore[assignment]

    def scores(self) -> dict[str, NDArray[np.float32]]:
        """The sum as an array for each prunable matrix, by name."""
        return {name: part.cpu().numpy() for name, part in self._parts.items()}

    def evaluate(self, network: Network, step: int, total: int) -> None:
        """Do nothing: a step is counted while it is taken."""

    def rows(self) -> NDArray[np.float32]:
        """The sum so far [d], of all d prunable weights."""
        return self._sum.cpu().numpy()

    def restore(self, rows: NDArray[np.float32]) -> None:
        """Resume after the steps that had this sum."""
        self._sum.copy_(torch.from_numpy(rows))

    def _add(self, parameters: Parameters) -> None:
        for name, part in self._parts.items():
            part -= parameters.value_of(name) * parameters.grad_of(name)
