"""A row of scores: a training, a metric, and what its predictions score by it."""

from __future__ import annotations

from collections.abc import Mapping
from math import nan
from typing import Any

import pyarrow as pa

from tickets.paths import TrainingId
from tickets.scores.resampling import counts, replicates

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
        ("replicates", pa.list_(pa.float32())),
    ]
)


def identity(training: TrainingId) -> dict[str, Any]:
    """What the columns up to the metric say."""
    sparsity = nan if training.sparsity is None else float(training.sparsity)
    return {**vars(training), "sparsity": sparsity}


def rows_of(
    training: TrainingId, table: pa.Table, found: Mapping[str, float]
) -> list[dict[str, Any]]:
    """The rows of one training, whose predictions `table` scores `found` by its task's metrics.

    The first metric is the primary one; it alone has bootstrap replicates over the examples.
    """
    primary = next(iter(found))
    resamples = counts(training.target_task, table.num_rows)
    return [
        {
            **identity(training),
            "metric": name,
            "primary": name == primary,
            "score": score,
            "examples": table.num_rows,
            "replicates": replicates(name, table, resamples) if name == primary else None,
        }
        for name, score in found.items()
    ]
