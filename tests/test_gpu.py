"""Jobs spread over the GPUs of a host, as many on each as the configuration says."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import torch

from tickets.training import gpu


@pytest.fixture(autouse=True)
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A host with two GPUs and a temporary folder of its own."""
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(gpu.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(gpu, "WAIT", 0.01)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    yield
    os.environ.pop("CUDA_VISIBLE_DEVICES", None)


def enter(stack: ExitStack, sharing: int) -> str:
    os.environ.pop("CUDA_VISIBLE_DEVICES", None)
    stack.enter_context(gpu.reserved(sharing))
    return os.environ["CUDA_VISIBLE_DEVICES"]


def test_each_gpu_gets_a_job_before_any_gets_two() -> None:
    """Four jobs, two places a GPU: one each first, then the second places."""
    with ExitStack() as stack:
        assert [enter(stack, 2) for _ in range(4)] == ["0", "1", "0", "1"]


def test_a_job_waits_until_a_place_is_free() -> None:
    """The third of three jobs on two GPUs gets the one whose job has ended."""
    got: list[str] = []
    with ExitStack() as others:
        first = ExitStack()
        assert enter(others, 1) == "0"
        assert enter(first, 1) == "1"
        waiting = threading.Thread(target=lambda: got.append(enter(others, 1)))
        waiting.start()
        waiting.join(0.1)
        assert waiting.is_alive()
        first.close()
        waiting.join(5)

    assert got == ["1"]


def test_only_visible_gpus_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scheduler's choice of devices is kept to."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,5")
    assert gpu.visible() == ["3", "5"]
    with gpu.reserved(1):
        assert os.environ["CUDA_VISIBLE_DEVICES"] == "3"


def test_without_a_gpu_nothing_happens(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variable set, no file made."""
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    with gpu.reserved(1):
        assert "CUDA_VISIBLE_DEVICES" not in os.environ
    assert not list(tmp_path.iterdir())
