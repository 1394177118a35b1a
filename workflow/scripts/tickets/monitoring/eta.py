"""How long trainings will take: from those that are finished, else from the configuration."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from statistics import median

from tickets import paths
from tickets.design.config import Study
from tickets.design.sizes import task_size
from tickets.errors import BadInput
from tickets.monitoring.running import FOLDER
from tickets.names import TrainingName, WeightsName

GATHERED = "movement/"
"""The beginning of the names of trainings that only gather movement."""

_UNITS = (("minute", 60, 60), ("hour", 3600, 24), ("day", 86400, math.inf))
"""Each unit with its seconds, and how many of it make the next one."""


class TimeEstimate:
    """The seconds of whole trainings by task, from the benchmarks in a study's results folder.

    For a task without a finished training they are estimated from the other tasks by the number of
    tokens; without any finished training, from `tokens_per_second`. Without that they are unknown.
    """

    def __init__(self, study: Study) -> None:
        self._study = study
        self._files = paths.Results(root=study.results)
        self._seconds: defaultdict[str, list[float]] = defaultdict(list)
        self._tokens = cache(self._tokens_of)
        benchmarks = Path(self._files.benchmark("any")).parent
        for file in benchmarks.rglob("*.jsonl"):
            name = file.relative_to(benchmarks).with_suffix("").as_posix()
            self.add(name.removeprefix(f"{FOLDER}/"))

    def add(self, training: str) -> float | None:
        """Take a finished training into account; its seconds, or None without a benchmark."""
        try:
            task, share = _part(training)
            benchmark = Path(self._files.benchmark(_name_of_benchmark(training)))
            lines = benchmark.read_text(encoding="utf-8").splitlines()
            seconds = float(json.loads(lines[-1])["s"])
        except (OSError, ValueError, LookupError, BadInput):
            return None  # a missing or broken benchmark must not stop a study
        if task in self._study.tasks and seconds > 0 and share > 0:
            self._seconds[task].append(seconds / share)
        return seconds

    def _tokens_of(self, task: str) -> int | None:
        return task_size(self._study, self._study.tasks[task]).tokens

    @property
    def source(self) -> str:
        """What the estimate is based on."""
        finished = sum(map(len, self._seconds.values()))
        if finished:
            return f"estimated from {finished:,} finished"
        return f"at tokens_per_second: {self._study.tokens_per_second:g}"

    def left(self, trainings: Iterable[str], at_once: int) -> float | None:
        """Seconds until all `trainings` are finished, `at_once` at a time; None if unknown."""
        shares: defaultdict[str, float] = defaultdict(float)
        for task, share in map(_part, trainings):
            shares[task] += share
        total = 0.0
        for task, share in shares.items():
            whole = self._whole(task)
            if whole is None:
                return None
            total += whole * share
        return total / at_once

    def _whole(self, task: str) -> float | None:
        if self._seconds[task]:
            return median(self._seconds[task])
        tokens, speed = self._tokens(task), self._study.tokens_per_second
        timed = {t: s for t, s in self._seconds.items() if s and self._tokens(t)}
        if tokens is None:
            return None
        if timed:
            seconds = math.fsum(median(s) for s in timed.values())
            return tokens * seconds / sum(self._tokens(t) or 0 for t in timed)
        return None if speed is None else tokens / speed


def in_words(seconds: float) -> str:
    """A time in one unit, such as "about 7 minutes"."""
    if seconds < 30:
        return "less than a minute"
    unit, length = next((u, length) for u, length, more in _UNITS if seconds < 1.5 * more * length)
    number = round(seconds / length)
    return f"about {number} {unit}{'s' * (number > 1)}"


@cache  # asked for all waiting trainings, up to ten thousand, whenever one is finished
def _part(training: str) -> tuple[str, float]:
    """The task of a training (or of theta_i's), and the share of a whole training that it is."""
    if _is_theta_i(training):
        theta_i = WeightsName.parse(training)
        return theta_i.task, float(theta_i.rewind) / 100
    name = TrainingName.parse(training.removeprefix(GATHERED))
    return name.task, 1 - float(name.weights.progress_on(name.task)) / 100


def _name_of_benchmark(training: str) -> str:
    """Those of whole trainings have a folder of their own, as their logs have."""
    other = training.startswith(GATHERED) or _is_theta_i(training)
    return training if other else f"{FOLDER}/{training}"


def _is_theta_i(training: str) -> bool:
    return training.startswith("theta_i/") and "/on-" not in training
