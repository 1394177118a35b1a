"""CUDA graphs: a whole training step is recorded once per shape, then replayed.

Results are the same to the bit: `benchmarks/on_gpu.py` compares trainings with and without graphs.
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
    """Runs `step`, from a shape's third batch on as a single launch.

    The first batch lets kernels allocate what they keep between calls, which a recording must not;
    the second is recorded. Random numbers come from the device's generator, seeded before each
    step.
    """

    def __init__(self, step: Step) -> None:
        self._step = step
        self._seen: set[Shape] = set()
        # All graphs share memory: they never run together, and each result is copied at once.
        self._pool = torch.cuda.graph_pool_handle()
        # They share a stream, too: what kernels keep between calls, they keep per stream.
        self._stream = torch.cuda.Stream()
        self._recorded: dict[Shape, tuple[torch.cuda.CUDAGraph, Batch, Tensor]] = {}

    def __call__(self, batch: Batch, rate: Tensor, seed: int) -> Tensor:
        """The loss of a step on `batch`; `rate` must be the same tensor every time."""
        tensors = tensors_of(batch)
        shape = tuple(None if tensor is None else tuple(tensor.shape) for tensor in tensors)
        if shape not in self._seen:
            self._seen.add(shape)
            return self._run(batch, rate, seed)
        if shape not in self._recorded:
            self._recorded[shape] = self._record(batch, rate, seed)
        graph, held, loss = self._recorded[shape]
        for old, new in zip(tensors_of(held), tensors, strict=True):
            if old is not None and new is not None:
                old.copy_(new, non_blocking=True)
        graph.replay()
        return loss.clone()

    def _run(self, batch: Batch, rate: Tensor, seed: int) -> Tensor:
        """Run a step on the stream that will record the next one, as CUDA requires."""
        stream = self._stream
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            loss = self._step(batch, rate, seed)
        torch.cuda.current_stream().wait_stream(stream)
        return loss

    def _record(
        self, batch: Batch, rate: Tensor, seed: int
    ) -> tuple[torch.cuda.CUDAGraph, Batch, Tensor]:
        held, graph = clone(batch), torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self._pool, stream=self._stream):
            loss = self._step(held, rate, seed)
        return graph, held, loss


def tensors_of(batch: Any) -> list[Tensor | None]:
    """The tensors of a batch, in a fixed order."""
    tensors: list[Tensor | None] = []
    for field in fields(batch):
        value = getattr(batch, field.name)
        tensors += tensors_of(value) if is_dataclass(value) else [value]
    return tensors


def clone(batch: Any) -> Any:
    """A copy of a batch that shares no memory with it."""
    copies = {
        field.name: clone(value) if is_dataclass(value) else value.clone()
        for field in fields(batch)
        if (value := getattr(batch, field.name)) is not None
    }
    return replace(batch, **copies)
