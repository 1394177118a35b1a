"""An attempt at a training: alone, on a reserved device, until a signal asks it to stop."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tickets.training import gpu, lock
from tickets.training.interruption import StopRequest, interruptible


@contextmanager
def attempt(checkpoints: Path, trainings_per_gpu: int) -> Generator[tuple[StopRequest, bool]]:
    """Wait for other attempts at the training that saves to `checkpoints`, then for a device.

    Yields the request to stop, and whether this attempt had to wait for another one.
    """
    with (
        lock.exclusive(checkpoints) as waited,
        gpu.reserved(trainings_per_gpu),
        interruptible() as stop,
    ):
        yield stop, waited
