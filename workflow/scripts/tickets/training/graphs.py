"""CUDA graphs: a whole training step recorded once a shape, and replayed.

Exact to the bit: `benchmarks/gpu.py` compares trainings with and without them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import Any

import torch
from torch import Tensor

from tickets.model.network import Batch

Step = Callable[[Batch, Tensor, int], Tensor]
Shape = tuple[tuple[int, ...] | None, ...]


class Graphs:
    """Runs `step`; from the third time that a shape comes, as one launch.

    The first time makes what kernels keep between calls, which no recording may; the second
    records. Random numbers come from the device's generator, which is seeded before each step.
    """

    def __init__(self, step: Step) -> None:
        self._step = step
        self._seen: set[Shape] = set()
        # One memory for all: they never run at the same time, and each result is copied at once.
        self._pool = torch.cuda.graph_pool_handle()
        # One stream too: memory that kernels keep is kept for each.
        self._stream = torch.cuda.Stream()
        self._recorded: dict[Shape, tuple[torch.cuda.CUDAGraph, Batch, Tensor]] = {}

    def __call__(self, batch: Batch, rate: Tensor, seed: int) -> Tensor:
        """The loss of a step on `batch`; `rate` must be the same tensor every time."""
        tensors = tensors_of(batch)
        shape = tuple(None if each is None else tuple(each.shape) for each in tensors)
        if shape not in self._seen:
            self._seen.add(shape)
            return self._aside(batch, rate, seed)
        if shape not in self._recorded:
            self._recorded[shape] = self._record(batch, rate, seed)
        graph, held, loss = self._recorded[shape]
        for mine, new in zip(tensors_of(held), tensors, strict=True):
            if mine is not None and new is not None:
                mine.copy_(new, non_blocking=True)
        graph.replay()
        return loss.clone()

    def _aside(self, batch: Batch, rate: Tensor, seed: int) -> Tensor:
        """A step aside from the default stream, as what is recorded later must be run before."""
        stream = self._stream
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            loss = self._step(batch, rate, seed)
        torch.cuda.current_stream().wait_stream(stream)
        return loss

    def _record(
        self, batch: Batch, rate: Tensor, seed: int
    ) -> tuple[torch.cuda.CUDAGraph, Batch, Tensor]:
        held, graph = cloned(batch), torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self._pool, stream=self._stream):
            loss = self._step(held, rate, seed)
        return graph, held, loss


def tensors_of(batch: Any) -> list[Tensor | None]:
    """The tensors of a batch, in a fixed order."""
    found: list[Tensor | None] = []
    for field in fields(batch):
        value = getattr(batch, field.name)
        found += tensors_of(value) if is_dataclass(value) else [value]
    return found


def cloned(batch: Any) -> Any:
    """A batch with tensors of its own."""
    own = {
        field.name: cloned(value) if is_dataclass(value) else value.clone()
        for field in fields(batch)
        if (value := getattr(batch, field.name)) is not None
    }
    return replace(batch, **own)
