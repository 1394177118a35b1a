"""A row of scores: a training, a metric, and the score of the training's predictions."""

from __future__ import annotations

from collections.abc import Mapping
from math import nan
from typing import Any

import pyarrow as pa

from tickets.names import MajorityName, TrainingName
from tickets.scores.resampling import draw_resamples, replicates

DISTINCT = "distinct"
"""The column that tables of earlier versions lack."""

SCHEMA = pa.schema(
    [
        ("weights", pa.string()),
        ("finder", pa.string()),
        ("source_task", pa.string()),
        ("rewind", pa.float64()),
        ("mask_seed", pa.int64()),
        ("sparsity", pa.float64()),
        ("at", pa.string()),
        ("target_task", pa.string()),
        ("seed", pa.int64()),
        ("metric", pa.string()),
        ("primary", pa.bool_()),
        ("score", pa.float64()),
        ("examples", pa.int64()),
        (DISTINCT, pa.int64()),
        ("replicates", pa.list_(pa.float32())),
    ]
)


def identity(training: TrainingName | MajorityName) -> dict[str, Any]:
    """The columns before the metric; for a constant answer, majority takes the finder's place."""
    if isinstance(training, MajorityName):
        absent = dict.fromkeys(("source_task", "rewind", "mask_seed", "at", "seed"))
        constant = {"weights": "none", "finder": "majority", "sparsity": 0.0}
        return absent | constant | {"target_task": training.task}
    mask = training.mask
    return {
        "weights": "/".join(filter(None, (training.weights.kind, training.meaning))),
        "finder": mask.finder,
        "source_task": mask.source_task,
        "rewind": float(mask.rewind) if mask.rewind else None,
        "mask_seed": mask.seed,
        "sparsity": nan if mask.fraction is None else float(mask.fraction),
        "at": mask.at or None,
        "target_task": training.task,
        "seed": training.seed,
    }


def rows_of(
    training: TrainingName | MajorityName, table: pa.Table, scores: Mapping[str, float]
) -> list[dict[str, Any]]:
    """The rows of one training: its predictions `table` and their `scores` by metric.

    The first metric is the primary; only its row has bootstrap replicates over the examples.
    `distinct` is the number of different predictions; MLM's are not in the table.
    """
    primary = next(iter(scores))
    resamples = draw_resamples(training.task, table.num_rows)
    return [
        {
            **identity(training),
            "metric": name,
            "primary": name == primary,
            "score": score,
            "examples": table.num_rows,
            DISTINCT: _distinct(table),
            "replicates": replicates(name, table, resamples) if name == primary else None,
        }
        for name, score in scores.items()
    ]


def _distinct(table: pa.Table) -> int | None:
    if "prediction" not in table.column_names:
        return None
    return len(table["prediction"].unique())
