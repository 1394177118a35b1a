"""Run time and memory that trainings request from a cluster, from the sizes of task and model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import ceil

from tickets.design.config import Study
from tickets.design.sizes import ModelSize, TaskSize, model_size, task_size

MARGIN = 1.5
"""Factor on the time that tokens_per_second gives: nodes differ, and predictions take time too."""

START = 10
"""Minutes in addition to the steps: first imports from a shared file system, compiled kernels."""

UNKNOWN = 240
"""Minutes of pre-training, and of a training if tokens_per_second or the size of its data is not
known.
"""

BASE = {"cpu": 1500, "gpu": 4000}
"""MB of Python, torch and, on a GPU, CUDA's context in the host's memory."""

WEIGHT = 48
"""Bytes for each weight: ticket, values, gradients, two moments, and a checkpoint being written."""

ACTIVATION = 0.02
"""Bytes for each prunable weight and token that the backward pass needs; on a CPU only."""


@dataclass(frozen=True)
class Allocation:
    """What a study's trainings request; attempt n requests n times as much."""

    study: Study

    def minutes(self, task: str, attempt: int) -> int:
        """Run time in minutes of a whole training on `task`."""
        tokens, speed = self._tasks[task].tokens, self.study.tokens_per_second
        if tokens is None or speed is None:
            return UNKNOWN * attempt
        return ceil((START + MARGIN * tokens / speed / 60) * attempt)

    def megabytes(self, task: str, attempt: int) -> int:
        """Memory in MB that a training on `task` takes on the host."""
        fields, model = self.study.data[task], self._model
        needed = BASE["gpu" if self.study.gpu else "cpu"] + WEIGHT * model.parameters / 1e6
        if not self.study.gpu:
            needed += ACTIVATION * model.prunable * fields.batch_size * fields.max_length / 1e6
        return ceil(needed * attempt)

    @property
    def gpu(self) -> Mapping[str, int | str]:
        """The GPU that a training requests, as resources of Snakemake's executors; none on CPUs."""
        kind = self.study.gpu
        if kind is None:
            return {}
        return {"gpu": 1} if kind == "any" else {"gpu": 1, "gpu_model": kind}

    @cached_property
    def _model(self) -> ModelSize:
        return model_size(self.study)

    @cached_property
    def _tasks(self) -> Mapping[str, TaskSize]:
        return {name: task_size(self.study, task) for name, task in self.study.data.items()}
