"""TensorBoard event files, written by tensorboardX, an optional dependency."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

LIBRARY = "tensorboardX"


def installed() -> bool:
    """Whether tensorboardX is installed here."""
    return find_spec(LIBRARY) is not None


class Events:
    """The event files of one training, in a `folder` of their own.

    A training that resumes after `begin` steps adds a file there; TensorBoard then hides the later
    steps that the killed process had written.
    """

    def __init__(self, folder: Path, *, begin: int) -> None:
        # A thread of its own writes; data is on the disk a second later.
        self._writer = import_module(LIBRARY).SummaryWriter(
            str(folder), purge_step=begin + 1, flush_secs=1, filename_suffix=f".{begin}"
        )

    def write(self, step: int, values: Mapping[str, float]) -> None:
        """Add the named `values` after `step` steps."""
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)

    def close(self) -> None:
        """Wait until everything is on the disk."""
        self._writer.close()
