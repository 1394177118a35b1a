"""An attempt at a training: alone, on a reserved device, until a signal asks it to stop."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tickets.flags import flag
from tickets.training import gpu, lock
from tickets.training.interruption import StopRequest, interruptible


@dataclass(frozen=True, kw_only=True)
class TrainingJob:
    """The flags of every program that trains, beside those of what it reads and writes."""

    checkpoints: Path = flag("folder to save to and resume from")
    checkpoint_minutes: float = flag("0: save each step", default=5)
    events: Path | None = flag("folder for TensorBoard event files")
    trainings_per_gpu: int = flag("that share a GPU", default=1)


@contextmanager
def attempt(job: TrainingJob) -> Generator[tuple[StopRequest, bool]]:
    """Wait for other attempts at the training that saves to the same place, then for a device.

    Yields the request to stop, and whether this attempt had to wait for another one.
    """
    with (
        lock.exclusive(job.checkpoints) as waited,
        gpu.reserved(job.trainings_per_gpu),
        interruptible() as stop,
    ):
        yield stop, waited
