"""TensorBoard event files, through tensorboardX, which is installed only where they are wanted."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

LIBRARY = "tensorboardX"


def installed() -> bool:
    """Whether event files can be written here."""
    return find_spec(LIBRARY) is not None


class Events:
    """The event files of one training, in a `folder` of their own.

    A training that goes on after `begin` steps adds a file there; TensorBoard then hides what the
    process that was killed had written of later steps.
    """

    def __init__(self, folder: Path, *, begin: int) -> None:
        # It writes from a thread of its own, and what it has written is on the disk a second later.
        self._writer = import_module(LIBRARY).SummaryWriter(
            str(folder), purge_step=begin + 1, flush_secs=1, filename_suffix=f".{begin}"
        )

    def write(self, step: int, values: Mapping[str, float]) -> None:
        """Add what is known after `step` steps."""
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)

    def close(self) -> None:
        """Wait until all is on the disk."""
        self._writer.close()
