"""Signals that ask a training to stop are noted, and nothing else happens."""

from __future__ import annotations

import os
import signal

import pytest

from tickets.training.interruption import interruptible


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGUSR1])
def test_a_signal_is_noted_and_no_more(number: signal.Signals) -> None:
    """Within the block only; afterwards it means what it meant before."""
    heard: list[int] = []
    before = signal.signal(number, lambda number, _: heard.append(number))
    try:
        with interruptible() as asked:
            assert asked.signal is None
            os.kill(os.getpid(), number)
            assert asked.signal == number.name
        assert heard == []
        os.kill(os.getpid(), number)
        assert heard == [number]
    finally:
        signal.signal(number, before)


def test_handlers_are_restored_after_an_error() -> None:
    """However the block ends."""
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(RuntimeError), interruptible():
        raise RuntimeError
    assert signal.getsignal(signal.SIGTERM) is before
