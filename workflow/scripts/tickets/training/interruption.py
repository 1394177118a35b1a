"""Signals that ask a training to stop: recorded when they come, obeyed between two steps."""

from __future__ import annotations

import signal
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)
"""Ctrl-C, and what a cluster's scheduler sends before it kills."""


@dataclass(kw_only=True)
class StopRequest:
    """The name of the signal that has asked the training to stop; None if none has."""

    signal: str | None = None


@contextmanager
def interruptible() -> Generator[StopRequest]:
    """Within the block, `SIGNALS` end nothing: the yielded request records them.

    For the main thread only, where Python handles signals.
    """
    request = StopRequest()

    def record(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - Python's signature
        request.signal = signal.Signals(number).name

    previous = {number: signal.signal(number, record) for number in SIGNALS}
    try:
        yield request
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
