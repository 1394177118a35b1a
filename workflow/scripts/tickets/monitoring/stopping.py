"""Ctrl-C while jobs run on this machine: those that run end first, and count as ended."""

from __future__ import annotations

import signal
from threading import Thread
from types import FrameType
from typing import Protocol


class Scheduler(Protocol):
    """Snakemake's."""

    def exit_gracefully(self) -> None:
        """Start no more jobs, and end when those that run have ended."""
        ...


def end_after_running_jobs(scheduler: Scheduler) -> None:
    """Let the first SIGINT end the run as SIGTERM does. By itself Snakemake waits for running jobs
    on SIGINT too, but then forgets what they have made. A second SIGINT means what it did.
    """
    before = signal.getsignal(signal.SIGINT)

    def end(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - Python's signature
        signal.signal(signal.SIGINT, before)
        # Not in this thread, which may hold the lock that the scheduler now takes.
        Thread(target=scheduler.exit_gracefully).start()

    signal.signal(signal.SIGINT, end)
