"""Saving how far a training is, and going on from there."""

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
from tickets.training.progress import Progress


@dataclass(frozen=True, kw_only=True)
class Saving:
    """Where a training saves how far it is, and after how many minutes again."""

    checkpoints: Checkpoints
    minutes: float


def checkpoint_key(
    parameters: Mapping[str, Any], inputs: Mapping[str, Path], entry: Path
) -> dict[str, Any]:
    """All that the bits of a training depend on: a checkpoint is good for no other one.

    Of the code, which begins with `entry`, what it means: comments and layout may change.
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


class State:
    """All that a training changes from step to step.

    Data order, dropout and masking are functions of seed and step: no random state belongs to it.
    """

    def __init__(
        self, parameters: Parameters, optimizer: AdamW, progress: Progress, saving: Saving
    ) -> None:
        self._parameters, self._optimizer, self._progress = parameters, optimizer, progress
        self._saving = saving
        self._saved_at = time.monotonic()

    def resume(self, first: int) -> int:
        """The step to go on with: after the newest checkpoint, else `first`."""
        found = self._saving.checkpoints.latest()
        if found is None:
            return first
        step, tensors = found
        for name, here in self._tensors().items():
            here.copy_(torch.from_numpy(tensors[name]))
        self._parameters.refresh()
        self._progress.restore(tensors["losses"])
        return step

    def save(self, step: int, *, now: bool) -> None:
        """Save that the next step is `step`: `now`, or where the time has come.

        Raises:
            CannotWrite: the system refuses; the checkpoints there are untouched.
            Diverged: a loss is not a number.
        """
        if not now and time.monotonic() - self._saved_at < 60 * self._saving.minutes:
            return
        arrays: dict[str, NDArray[Any]] = {
            name: tensor.cpu().numpy() for name, tensor in self._tensors().items()
        }
        losses = np.asarray(self._progress.losses())
        self._saving.checkpoints.save(step, {**arrays, "losses": losses})
        self._saved_at = time.monotonic()

    def _tensors(self) -> dict[str, torch.Tensor]:
        optimizer = self._optimizer
        return {
            "values": self._parameters.values,
            "mean": optimizer.mean,
            "square": optimizer.square,
            "steps": optimizer.steps,
        }
