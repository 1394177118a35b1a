"""Signals that ask a training to stop: they are noted, and answered between two steps."""

from __future__ import annotations

import signal
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGUSR1)  # what cluster schedulers send before they kill


@dataclass(kw_only=True)
class Asked:
    """The name of the signal that has asked to stop, None as long as none has."""

    signal: str | None = None


@contextmanager
def interruptible() -> Generator[Asked]:
    """Within the block, SIGTERM and SIGUSR1 end nothing: they are noted in what it yields.

    Only in the main thread, where Python handles signals.
    """
    asked = Asked()

    def note(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - Python's signature
        asked.signal = signal.Signals(number).name

    previous = {number: signal.signal(number, note) for number in SIGNALS}
    try:
        yield asked
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
