"""A training in a folder of its own, run so that it can be killed at any moment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HELPERS = Path(__file__).parent
SCRIPTS = HELPERS.parents[1] / "workflow" / "scripts"
TRAIN = SCRIPTS / "train.py"
EPOCHS, STEPS = 6, 24
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": str(SCRIPTS),
    "CUDA_VISIBLE_DEVICES": "",  # on a GPU, Python does not see each step of the optimizer
    "OMP_WAIT_POLICY": "passive",  # two threads that spin hinder each other where cores are few
}
OUTPUTS = ("trained.safetensors", "predictions.parquet")


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a run ended, and what it said."""

    status: int
    stderr: str

    @property
    def resumed(self) -> bool:
        return "resumed at step" in self.stderr

    @property
    def errors(self) -> list[str]:
        return [line for line in self.stderr.splitlines() if line.startswith("error:")]


@dataclass(frozen=True, kw_only=True)
class Runner:
    """A process that forks one for each run: torch is imported once."""

    process: subprocess.Popen[str]

    def __call__(
        self,
        flags: list[str],
        stderr: Path,
        death: Mapping[str, Any] | None = None,
        every: int = 1,
    ) -> Ended:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        order = {"flags": flags, "stderr": str(stderr), "death": death, "every": every}
        print(json.dumps(order), file=self.process.stdin, flush=True)
        status = int(self.process.stdout.readline())
        return Ended(status=status, stderr=stderr.read_text())


@dataclass(frozen=True, kw_only=True)
class Training:
    """One training in a folder of its own."""

    runner: Runner
    inputs: Path
    folder: Path

    @property
    def checkpoints(self) -> Path:
        return self.folder / "checkpoints" / "toy"

    def flags(self, **changed: object) -> list[str]:
        named: dict[str, object] = {
            "ticket": self.inputs / "ticket.json",
            "theta": self.inputs / "theta.safetensors",
            "mask": self.inputs / "mask.safetensors",
            "model": self.inputs / "model",
            "train": self.inputs / "train.arrow",
            "validation": self.inputs / "validation.arrow",
            "data": self.inputs / "validation.parquet",
            "predictions": self.folder / "predictions.parquet",
            "trained": self.folder / "trained.safetensors",
            "checkpoints": self.checkpoints,
            "checkpoint_minutes": 0,
            "task": "toy",
            "head": "classification",
            "labels": 2,
            "seed": 1,
            "threads": 1,
            "precision": "float32",
            "epochs": EPOCHS,
            "batch_size": 8,
            "learning_rate": 5e-3,
            "adam_epsilon": 1e-8,
            "clip_norm": 0.3,
            "mlm_probability": 0.15,
            "dropout": 0.1,
            **changed,
        }
        return [f"--{name.replace('_', '-')}={value}" for name, value in named.items()]

    def run(
        self, death: Mapping[str, Any] | None = None, every: int = 1, **changed: object
    ) -> Ended:
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.runner(self.flags(**changed), self.folder / "stderr", death, every)

    def subprocess(self, *command: str, **changed: object) -> Ended:
        """A run as a process of its own."""
        self.folder.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            [sys.executable, *command, *self.flags(**changed)],
            capture_output=True,
            text=True,
            check=False,
            env=ENVIRONMENT,
        )
        return Ended(status=done.returncode, stderr=done.stderr)

    def outputs(self) -> dict[str, bytes]:
        assert not self.checkpoints.parent.exists(), "checkpoints are gone after a success"
        return {name: (self.folder / name).read_bytes() for name in OUTPUTS}
