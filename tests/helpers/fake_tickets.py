"""Made-up tickets: rows of metrics.parquet over sparsities, rewinds and winning sparsities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fake_metrics import Rows, trainings


def changed(rows: Rows, **identity: Any) -> Rows:
    """The rows as another mask's."""
    return [row | identity for row in rows]


def own(task: str, sparsity: float, scores: Sequence[float], **identity: Any) -> Rows:
    """IMP's ticket of a task on the task itself."""
    return changed(trainings("imp", task, scores, source=task), sparsity=sparsity, **identity)


def universal(finder: str, task: str, sparsity: float, scores: Sequence[float]) -> Rows:
    """A mask that belongs to no task."""
    return changed(trainings(finder, task, scores), sparsity=sparsity)


def at_winning(
    task: str, at: str, scores: Sequence[float], *, finder: str = "imp", weights: str = "theta_0"
) -> Rows:
    """A mask whose sparsity is its task's winning one."""
    rows = trainings(finder, task, scores, weights=weights, source=task)
    return [row | {"at": at, "sparsity": float("nan"), "mask_seed": row["seed"]} for row in rows]
