"""The table of scores: one row per training and metric, computed from predictions alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from tickets import canonical
from tickets.errors import BadInput
from tickets.paths import parse_predictions
from tickets.scores.metrics import score
from tickets.scores.rows import SCHEMA, rows_of


def scores(predictions: Iterable[Path], metrics: Mapping[str, Sequence[str]]) -> pa.Table:
    """Score every predictions file by its target task's `metrics`, the first being the primary.

    A file's path names its training. The order of rows does not depend on the order of files. Rows
    of the primary metric contain bootstrap replicates over the examples.

    Raises:
        BadInput: a path that is not a training's, a task without metrics, an unusable prediction.
        Tampered: a file and its statement differ.
    """
    trainings = [(parse_predictions(path), path) for path in predictions]
    # One task after the other, so that each task's resamples are drawn once.
    trainings.sort(key=lambda pair: (pair[0].task, pair[1]))
    rows: list[dict[str, Any]] = []
    for training, path in trainings:
        names = metrics.get(training.task)
        if names is None:
            raise BadInput(f"{path}: no metrics given for task {training.task}")
        table = canonical.read(path)
        try:
            values = score(names, table)
        except BadInput as error:
            raise BadInput(f"{path}: {error}") from None
        rows += rows_of(training, table, values)
    return pa.Table.from_pylist(rows, schema=SCHEMA)
