"""Jobs spread over the GPUs of a host, as many on each as the configuration says."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack, nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from tickets.errors import BadInput
from tickets.training import gpu

GPUS = ("GPU-aaaa", "GPU-bbbb")


@pytest.fixture(autouse=True)
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A host with two GPUs, of which CUDA is not asked, and a temporary folder of its own."""
    install(tmp_path, monkeypatch, *GPUS)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(gpu.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(gpu, "WAIT", 0.01)
    for name in ("CUDA_VISIBLE_DEVICES", *gpu.ASSIGNED):
        monkeypatch.delenv(name, raising=False)
    yield
    os.environ.pop("CUDA_VISIBLE_DEVICES", None)


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, *uuids: str) -> None:
    """An nvidia-smi that lists these GPUs."""
    program = folder / "bin" / "nvidia-smi"
    program.parent.mkdir(exist_ok=True)
    program.write_text("#!/bin/sh\n" + "".join(f"echo {uuid}\n" for uuid in uuids))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")


def enter(stack: ExitStack, sharing: int) -> str:
    os.environ.pop("CUDA_VISIBLE_DEVICES", None)
    stack.enter_context(gpu.reserved(sharing))
    return os.environ["CUDA_VISIBLE_DEVICES"]


def test_each_gpu_gets_a_job_before_any_gets_two() -> None:
    """Four jobs, two places a GPU: one each first, then the second places."""
    with ExitStack() as stack:
        assert [enter(stack, 2) for _ in range(4)] == [*GPUS, *GPUS]


def test_a_job_waits_until_a_place_is_free() -> None:
    """The third of three jobs on two GPUs gets the one whose job has ended."""
    got: list[str] = []
    with ExitStack() as others:
        first = ExitStack()
        assert enter(others, 1) == GPUS[0]
        assert enter(first, 1) == GPUS[1]
        waiting = threading.Thread(target=lambda: got.append(enter(others, 1)))
        waiting.start()
        waiting.join(0.1)
        assert waiting.is_alive()
        first.close()
        waiting.join(5)

    assert got == [GPUS[1]]


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ("1", ["GPU-bbbb"]),
        ("1,0", ["GPU-bbbb", "GPU-aaaa"]),
        ("GPU-bb", ["GPU-bbbb"]),
        ("MIG-c", ["MIG-c"]),
        ("7", []),
        ("", []),
    ],
)
def test_only_visible_gpus_are_taken(
    named: str, expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numbers count as nvidia-smi does, beginnings of UUIDs are completed; none is no GPU."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", named)
    assert gpu.visible_gpus() == expected
    with gpu.reserved(1):
        assert os.environ["CUDA_VISIBLE_DEVICES"] == (expected[0] if expected else named)


def test_jobs_that_see_their_own_gpu_only_do_not_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cluster shows each job its own GPU as number 0: two such jobs take two places."""
    with ExitStack() as stack:
        for uuid in GPUS:
            install(tmp_path, monkeypatch, uuid)
            assert enter(stack, 1) == uuid


@pytest.mark.parametrize("variable", gpu.ASSIGNED)
def test_a_schedulers_choice_stays(
    variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the scheduler assigned a GPU nothing is locked and nothing set."""
    monkeypatch.setenv(variable, "0")
    with gpu.reserved(1):
        assert "CUDA_VISIBLE_DEVICES" not in os.environ
    assert not list(tmp_path.glob("tickets-gpu-*"))


@pytest.mark.parametrize(("running", "refused"), [("aaaa", False), ("bbbb", True)])
def test_cuda_on_another_gpu_is_refused(
    running: str, refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CUDA that started before the choice was made runs elsewhere: one line, no training."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(
        torch.cuda, "get_device_properties", lambda _: SimpleNamespace(uuid=running)
    )
    expected = pytest.raises(BadInput, match="GPU-aaaa is reserved") if refused else nullcontext()
    with expected, gpu.reserved(1):
        pass


def test_without_a_gpu_nothing_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No nvidia-smi, or one that lists no GPU: no variable set, no file made."""
    for path in (None, tmp_path / "none"):
        if path is None:
            install(tmp_path, monkeypatch)
        else:
            monkeypatch.setenv("PATH", str(path))
        with gpu.reserved(1):
            assert "CUDA_VISIBLE_DEVICES" not in os.environ
    assert not list(tmp_path.glob("tickets-gpu-*"))
