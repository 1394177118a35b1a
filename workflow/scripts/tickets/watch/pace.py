"""How long trainings take: as finished ones did, as the configuration says, or as was measured."""

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
from tickets.names import TrainingName, WeightsName
from tickets.watch.measuring import Measured

FOLDER = "trainings"
"""Of whole trainings, among logs and benchmarks."""

_UNITS = (("minute", 60, 60), ("hour", 3600, 24), ("day", 86400, math.inf))
"""Each with its seconds, and how many of it are one of the next."""


class Pace:
    """Seconds of whole trainings by task, from the benchmarks in a study's results folder.

    A task on which none is finished is taken from the others by its number of tokens; where no
    training at all is finished, from tokens_per_second, else from what was `measured`. Without that
    nothing is known.
    """

    def __init__(self, study: Study, measured: Measured | None = None) -> None:
        self._study, self._measured = study, measured
        self._folder = Path(paths.Results(root=study.results).benchmark(FOLDER)).with_suffix("")
        self._seconds: defaultdict[str, list[float]] = defaultdict(list)
        self._tokens = cache(self._tokens_of)
        for file in self._folder.rglob("*.jsonl"):
            self.add(file.relative_to(self._folder).with_suffix("").as_posix())

    def add(self, training: str) -> float | None:
        """Count a finished training in; the seconds it took, if they were written down."""
        try:
            written = (self._folder / f"{training}.jsonl").read_text(encoding="utf-8")
            seconds = float(json.loads(written.splitlines()[-1])["s"])
            task, share = _part(training)
        except (OSError, ValueError, LookupError, BadInput):
            return None  # a benchmark is no result: without one there is no estimate
        if task in self._study.tasks and seconds > 0:
            self._seconds[task].append(seconds / share)
        return seconds

    def _tokens_of(self, task: str) -> int | None:
        return task_size(self._study, self._study.tasks[task]).tokens

    @property
    def source(self) -> str:
        """What an estimate is made from."""
        finished = sum(map(len, self._seconds.values()))
        if finished:
            return f"as the {finished:,} finished took"
        speed, said = self._study.tokens_per_second, "as tokens_per_second says"
        if speed is None and self._measured is not None:
            speed, said = self._measured.tokens_per_second, "as one just did here"
        return f"at {speed:,.0f} tokens a second, {said}"

    def left(self, trainings: Iterable[str], at_once: int) -> float | None:
        """Seconds until all of these are trained, so many at a time; None where nobody knows."""
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
        known = {t: s for t, s in self._seconds.items() if s and self._tokens(t)}
        if tokens is None:
            return None
        if known:
            seconds = math.fsum(median(s) for s in known.values())
            return tokens * seconds / sum(self._tokens(t) or 0 for t in known)
        if speed is None and self._measured is not None:
            return self._measured.seconds_to_start + tokens / self._measured.tokens_per_second
        return None if speed is None else tokens / speed


def words(seconds: float) -> str:
    """A time as one says it: about 7 minutes."""
    if seconds < 30:
        return "less than a minute"
    unit, length = next((u, length) for u, length, more in _UNITS if seconds < 1.5 * more * length)
    number = round(seconds / length)
    return f"about {number} {unit}{'s' * (number > 1)}"


@cache  # of ten thousand trainings each is asked for whenever one is finished
def _part(training: str) -> tuple[str, float]:
    """The task of a training, or of one that ends at theta_i, and which share of a whole it is."""
    if training.startswith("theta_i/") and "/on-" not in training:
        theta_i = WeightsName.parse(training)
        return theta_i.task, float(theta_i.rewind) / 100
    name = TrainingName.parse(training)
    return name.task, 1 - float(name.weights.progress_on(name.task)) / 100
