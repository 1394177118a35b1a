"""The time and disk that a study takes, from the number and sizes of its trainings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain

from tickets.design.counts import Counts
from tickets.design.sizes import ModelSize, TaskSize
from tickets.tasks import Task
from tickets.training.checkpoints import KEPT

FLOAT = 4
"""Bytes of a float32, the type of weights, gradients and moments."""

PREDICTED = {"classification": 20, "regression": 20, "span": 55, "mlm": 10}
"""Bytes for each example in a predictions file, by head; measured."""

RECORD = 50_000
"""Bytes of a training's other files: statement, log, Snakemake's own records."""


@dataclass(frozen=True, kw_only=True)
class Disk:
    """Bytes of kept files, and of what each training needs while it runs; without data sets.

    kept_weights: the number of models whose weights are kept. weights: their bytes, and those of
    movement that is kept.
    """

    masks: int
    kept_weights: int
    weights: int
    predictions: int
    running: int

    @property
    def end(self) -> int:
        """Bytes of a finished study."""
        return self.masks + self.weights + self.predictions

    def peak(self, at_once: int) -> int:
        """The most bytes while `at_once` trainings run at a time."""
        return self.end + at_once * self.running


def whole_trainings(counts: Counts) -> dict[str, Fraction]:
    """The number of whole trainings on each task.

    A training that starts from its own theta_i leaves out the part before it.
    """
    trainings: defaultdict[str, Fraction] = defaultdict(Fraction)
    for training in chain(counts.trainings, counts.gatherings):
        trainings[training.task] += 1 - Fraction(training.weights.progress_on(training.task)) / 100
    for theta_i in counts.early:
        trainings[theta_i.task] += Fraction(theta_i.rewind) / 100
    return dict(trainings)


def disk(
    counts: Counts,
    model: ModelSize,
    tasks: Mapping[str, Task],
    sizes: Mapping[str, TaskSize],
    *,
    models: int = 0,
    keep_trained: bool = False,
) -> Disk:
    """The disk space that a study takes that keeps `models` models beside its tickets' weights, and
    with `keep_trained` what each training ends with: its weights, or the movement that it gathers.

    A running training needs the weights that it begins with, where the study does not keep them,
    those that it ends with, and its checkpoints of weights and two moments each: the kept ones, and
    one that is being written.
    """
    targets = [training.task for training in counts.trainings]
    predictions = sum(
        RECORD + (sizes[target].predicted or 0) * PREDICTED[tasks[target].head]
        for target in targets
    )
    weights, kept, movement = FLOAT * model.parameters, len(counts.weights) + models, 0
    if keep_trained:
        kept += len(counts.trainings)
        movement = len(counts.gatherings) * FLOAT * model.prunable
    return Disk(
        masks=len(counts.masks) * -(-model.prunable // 8),
        kept_weights=kept,
        weights=kept * weights + movement,
        predictions=predictions,
        running=(2 + 3 * (KEPT + 1)) * weights,
    )
