"""Saving the state of a training, and resuming from it."""

from __future__ import annotations

import platform
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from tickets import code, provenance
from tickets.model.parameters import Parameters
from tickets.training.adamw import AdamW
from tickets.training.checkpoints import Checkpoints
from tickets.training.observer import Observer
from tickets.training.progress import Progress


@dataclass(frozen=True, kw_only=True)
class Saving:
    """Where a training saves its state, and how many minutes apart."""

    checkpoints: Checkpoints
    minutes: float


def checkpoint_key(
    parameters: Mapping[str, Any], inputs: Mapping[str, Path], entry: Path
) -> dict[str, Any]:
    """All that the bits of a training depend on; its checkpoints serve no other training.

    The code, from the entry point `entry` on, counts by its meaning: comments and layout may
    change.
    """
    cuda = torch.cuda.is_available()
    return {
        "parameters": parameters,
        "inputs": {name: provenance.subject_digest(path) for name, path in inputs.items()},
        "code": dict(code.meanings(entry)),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "processor": torch.cpu.get_capabilities().get("cpu_name", ""),
        "kernels": torch.backends.cpu.get_cpu_capability(),
        "device": torch.cuda.get_device_name() if cuda else platform.machine(),
    }


class TrainingState:
    """Everything that a training changes from step to step.

    There is no random state: data order, dropout and masking are functions of seed and step.
    """

    def __init__(
        self,
        parameters: Parameters,
        optimizer: AdamW,
        progress: Progress,
        saving: Saving,
        observer: Observer | None = None,
    ) -> None:
        self._parameters, self._optimizer, self._progress = parameters, optimizer, progress
        self._saving, self._observer = saving, observer
        self._saved_at = time.monotonic()

    def resume(self, first: int) -> int:
        """Load the newest checkpoint; returns the next step, `first` without a checkpoint."""
        latest = self._saving.checkpoints.latest()
        if latest is None:
            return first
        step, saved = latest
        for name, tensor in self._tensors().items():
            tensor.copy_(torch.from_numpy(saved[name]))
        self._parameters.refresh()
        self._progress.restore(saved["losses"])
        if self._observer:
            self._observer.restore(saved["seen"])
        return step

    def save(self, step: int, *, now: bool) -> None:
        """Save the state before `step`, if it must be `now` or the last save is old enough.

        Raises:
            CannotWrite: the system refuses; the existing checkpoints are untouched.
            Diverged: a loss is not a number.
        """
        if not now and time.monotonic() - self._saved_at < 60 * self._saving.minutes:
            return
        arrays: dict[str, NDArray[Any]] = {
            name: tensor.cpu().numpy() for name, tensor in self._tensors().items()
        }
        arrays["losses"] = self._progress.losses()
        if self._observer:
            arrays["seen"] = self._observer.seen()
        self._saving.checkpoints.save(step, arrays)
        self._saved_at = time.monotonic()

    def _tensors(self) -> dict[str, torch.Tensor]:
        optimizer = self._optimizer
        return {
            "values": self._parameters.values,
            "mean": optimizer.mean,
            "square": optimizer.square,
            "steps": optimizer.steps,
        }
