"""Recording steps, as far as that can be tested without a GPU: which call does what."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor

from tickets.model.encoder import Rows
from tickets.model.network import Batch
from tickets.training.graphs import Graphs

RATE = torch.tensor(0.5)
ASIDE = SimpleNamespace(wait_stream=lambda _: None)  # the one stream that is not the default one


def batch(value: float, size: int) -> Batch:
    numbers = torch.full((size,), value)
    rows = Rows(tokens=numbers, types=numbers, positions=numbers, sequence=numbers)
    return Batch(rows=rows, needed=None, target=numbers + 1)


class Recording:
    """A CUDA graph whose replay calls the step once more on what it was recorded with."""

    current: Recording | None = None

    def __init__(self) -> None:
        self.calls: list[tuple[Batch, Tensor]] = []
        self.replays = 0

    def replay(self) -> None:
        self.replays += 1
        for held, loss in self.calls:
            loss.copy_(total(held))


@contextmanager
def recorded(graph: Recording, pool: str, stream: object) -> Iterator[None]:
    assert pool == "one for all"
    assert stream is ASIDE
    Recording.current = graph
    yield
    Recording.current = None


def total(seen: Batch) -> Tensor:
    assert seen.target is not None
    return seen.rows.tokens.sum() + seen.target.sum()


def test_each_shape_runs_once_is_recorded_and_replayed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first batch of a shape is run, the second recorded, later ones replayed; each gives its
    own loss, and the caller's tensors are not held.
    """
    for name, fake in {
        "CUDAGraph": Recording,
        "graph_pool_handle": lambda: "one for all",
        "graph": recorded,
        "Stream": lambda: ASIDE,
        "current_stream": lambda: ASIDE,
        "stream": lambda _: nullcontext(),
    }.items():
        monkeypatch.setattr(torch.cuda, name, fake)
    ran: list[Recording | None] = []

    def step(seen: Batch, rate: Tensor, seed: int) -> Tensor:  # noqa: ARG001
        loss = total(seen)
        ran.append(Recording.current)
        if Recording.current is not None:
            Recording.current.calls.append((seen, loss))
        return loss

    graphs = Graphs(step)
    order = [(1.0, 3), (2.0, 3), (5.0, 4), (3.0, 3), (7.0, 4), (4.0, 3)]
    losses = [graphs(batch(value, size), RATE, 0) for value, size in order]

    assert [loss.item() for loss in losses] == [size * (2 * value + 1) for value, size in order]
    assert [each is not None for each in ran] == [False, True, False, True]
    assert [each.replays for each in ran if each is not None] == [3, 1]
