"""What a study takes of time and disk, from how many trainings it has and how large they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from tickets.design.counts import Counts
from tickets.design.sizes import ModelSize, TaskSize
from tickets.tasks import Task
from tickets.training.checkpoints import KEPT

FLOAT = 4
"""Bytes of a float32, which weights, gradients and moments are."""

PREDICTED = {"classification": 20, "regression": 20, "span": 55, "mlm": 10}
"""Bytes of an example in a predictions file, by head; measured."""

RECORD = 50_000
"""Bytes that a training leaves beside its predictions: statement, log, Snakemake's own records."""


@dataclass(frozen=True, kw_only=True)
class Disk:
    """Bytes of what is kept, and of what each training holds while it runs; data is left out."""

    masks: int
    weights: int
    predictions: int
    running: int

    @property
    def end(self) -> int:
        """What a finished study keeps."""
        return self.masks + self.weights + self.predictions

    def peak(self, at_once: int) -> int:
        """The most while so many trainings run at a time."""
        return self.end + at_once * self.running


def whole_trainings(counts: Counts) -> Mapping[str, Fraction]:
    """By task, how many whole trainings all on it come to.

    One that goes on from its own theta_i leaves out what was trained up to there.
    """
    found: defaultdict[str, Fraction] = defaultdict(Fraction)
    for training in counts.trainings:
        found[training.task] += 1 - Fraction(training.weights.progress_on(training.task)) / 100
    for theta_i in counts.early:
        found[theta_i.task] += Fraction(theta_i.rewind) / 100
    return found


def disk(
    counts: Counts, model: ModelSize, tasks: Mapping[str, Task], sizes: Mapping[str, TaskSize]
) -> Disk:
    """What a study takes of the disk.

    A training that runs holds the weights that it begins with, where the study does not keep them,
    those that it ends with, and its checkpoints: weights and two moments each, one more of them
    than are kept while it is written.
    """
    targets = [training.task for training in counts.trainings]
    predictions = sum(
        RECORD + (sizes[target].predicted or 0) * PREDICTED[tasks[target].head]
        for target in targets
    )
    weights = FLOAT * model.parameters
    return Disk(
        masks=len(counts.masks) * -(-model.prunable // 8),
        weights=len(counts.weights) * weights,
        predictions=predictions,
        running=(2 + 3 * (KEPT + 1)) * weights,
    )
