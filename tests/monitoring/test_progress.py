"""What a training says while it runs: to its log, and to TensorBoard where that is wanted."""

from __future__ import annotations

import struct
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

from tickets.errors import Diverged
from tickets.training import progress
from tickets.training.events import Events
from tickets.training.progress import Progress
from tickets.training.recipe import Recipe

RECIPE = Recipe(epochs=None, steps=100, batch_size=8, learning_rate=1.0)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time in seconds, which the test sets."""
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def run(reported: Progress, clock: list[float], losses: list[float], seconds: float) -> None:
    for loss in losses:
        clock[0] += seconds
        reported.add(torch.tensor(loss))


def test_a_line_says_what_trains_how_far_it_is_and_how_long_it_takes(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    """Ten lines a training; the loss is the mean since the last one, the speed too."""
    reported = Progress(RECIPE, first=20, last=60, total=100, name="rte/seed-1")

    run(reported, clock, [3, 2, 1, 2], 2)
    run(reported, clock, [1, 0, 0, 0], 4)

    assert capsys.readouterr().err.splitlines() == [
        "rte/seed-1  step 24/100  loss 2.0000  4.0 examples/s  0:01:12 left",
        "rte/seed-1  step 28/100  loss 0.2500  2.0 examples/s  0:02:08 left",
    ]


def test_the_last_step_is_reported(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    """Also where the reports before do not end there."""
    run(Progress(RECIPE, first=0, last=25, total=25), clock, [1.0] * 25, 1)

    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[2] for line in lines][-2:] == ["24/25", "25/25"]
    assert lines[-1].endswith("0:00:00 left")


def test_losses_are_looked_at_when_a_report_is_due_and_not_before(clock: list[float]) -> None:
    """A loss that is no number waits on the device until then."""
    reported = Progress(RECIPE, first=0, last=100, total=100)
    run(reported, clock, [1.0, float("nan"), *[1.0] * 7], 1)

    with pytest.raises(Diverged, match="step 2 of 100"):
        reported.add(torch.tensor(1.0))


class Writer:
    """What tensorboardX's writer takes, remembered."""

    made: list[Writer]

    def __init__(self, folder: str, **options: Any) -> None:
        self.folder, self.options = folder, options
        self.scalars: list[tuple[str, float, int]] = []
        self.closed = False
        Writer.made.append(self)

    def add_scalar(self, name: str, value: float, step: int) -> None:
        self.scalars.append((name, value, step))

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> list[Writer]:
    Writer.made = []
    module = ModuleType("tensorboardX")
    module.SummaryWriter = Writer  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tensorboardX", module)
    return Writer.made


def test_event_files_say_the_same(
    clock: list[float], library: list[Writer], tmp_path: Path
) -> None:
    """Loss, learning rate of the step just done, and speed; all on the disk at the end."""
    reported = Progress(RECIPE, first=0, last=20, total=20, events=tmp_path)

    run(reported, clock, [1.0, 3.0] * 9, 2)
    (writer,) = library
    assert not writer.closed
    run(reported, clock, [1.0, 3.0], 2)

    assert writer.folder == str(tmp_path)
    assert writer.scalars[:3] == [
        ("loss", 2.0, 2),
        ("learning_rate", 19 / 20, 2),
        ("examples_per_second", 4.0, 2),
    ]
    assert [step for _, _, step in writer.scalars[::3]] == list(range(2, 21, 2))
    assert writer.closed


def test_a_training_that_goes_on_does_so_in_the_same_folder(
    clock: list[float], library: list[Writer], tmp_path: Path
) -> None:
    """What the process that was killed wrote after its checkpoint is hidden."""
    run(Progress(RECIPE, first=10, last=30, total=30, events=tmp_path), clock, [1.0] * 8, 1)
    again = Progress(RECIPE, first=10, last=30, total=30, events=tmp_path)
    again.restore(np.ones(5))
    run(again, clock, [1.0] * 5, 1)

    first, second = library
    assert first.folder == second.folder
    assert [writer.options["purge_step"] for writer in library] == [11, 16]
    assert [step for _, _, step in second.scalars[::3]] == [16, 18, 20]


def test_without_a_folder_the_library_is_not_asked_for(
    clock: list[float], library: list[Writer]
) -> None:
    """So it need not be installed."""
    run(Progress(RECIPE, first=0, last=10, total=10), clock, [1.0] * 10, 1)

    assert library == []


def test_tensorboard_can_read_them(tmp_path: Path) -> None:
    """With the library itself: its own record format, read back by hand."""
    pytest.importorskip("tensorboardX", reason="an extra that the tests' set-up leaves out")
    from tensorboardX.proto.event_pb2 import Event

    events = Events(tmp_path, begin=4)
    events.write(5, {"loss": 0.5})
    events.close()

    (file,) = tmp_path.iterdir()
    data, found = file.read_bytes(), []
    while data:
        (length,) = struct.unpack("<Q", data[:8])
        found.append(Event.FromString(data[12 : 12 + length]))
        data = data[16 + length :]
    assert [(value.tag, value.simple_value) for value in found[-1].summary.value] == [("loss", 0.5)]
    assert found[-1].step == 5
