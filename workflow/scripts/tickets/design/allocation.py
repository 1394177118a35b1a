"""What a training asks of a cluster: run time and memory, from the size of what it does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import ceil

from tickets.design.config import Study
from tickets.design.sizes import ModelSize, TaskSize, model_size, task_size

MARGIN = 1.5
"""Over the time that tokens_per_second gives: nodes differ, and predicting comes on top."""

START = 10
"""Minutes beside the steps: a node's first imports from a shared file system, compiled kernels."""

UNKNOWN = 240
"""Minutes of a training where the configuration has no tokens_per_second, or of data nothing is
known, and of pre-training.
"""

BASE = {"cpu": 1500, "gpu": 4000}
"""MB of Python, torch and, on a GPU, CUDA's context in the host's memory."""

WEIGHT = 48
"""Bytes a weight: ticket, values, gradients, two moments, and a checkpoint being written."""

ACTIVATION = 0.02
"""Bytes a prunable weight that each token leaves for the backward pass; on a CPU only."""


@dataclass(frozen=True)
class Allocation:
    """What the trainings of a study ask for; a second attempt asks for twice that, and so on."""

    study: Study

    def minutes(self, task: str, attempt: int) -> int:
        """Run time of a whole training on `task`."""
        tokens, speed = self._tasks[task].tokens, self.study.tokens_per_second
        if tokens is None or speed is None:
            return UNKNOWN * attempt
        return ceil((START + MARGIN * tokens / speed / 60) * attempt)

    def megabytes(self, task: str, attempt: int) -> int:
        """Memory of the host that a training on `task` takes."""
        known, model = self.study.tasks[task], self._model
        needed = BASE["gpu" if self.study.gpu else "cpu"] + WEIGHT * model.parameters / 1e6
        if not self.study.gpu:
            needed += ACTIVATION * model.prunable * known.batch_size * known.max_length / 1e6
        return ceil(needed * attempt)

    @property
    def gpu(self) -> Mapping[str, int | str]:
        """The GPU that a training asks for, as Snakemake's executors name it; none on CPUs."""
        kind = self.study.gpu
        if kind is None:
            return {}
        return {"gpu": 1} if kind == "any" else {"gpu": 1, "gpu_model": kind}

    @cached_property
    def _model(self) -> ModelSize:
        return model_size(self.study)

    @cached_property
    def _tasks(self) -> Mapping[str, TaskSize]:
        return {name: task_size(self.study, task) for name, task in self.study.tasks.items()}
