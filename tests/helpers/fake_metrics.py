"""Made-up studies: the rows of metrics.parquet without any training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from tickets import provenance

SPARSITY = 0.7
REPLICATES = 1000
METRICS = {"sentence": "accuracy", "pair": "pearson", "mlm": "masked_accuracy"}

Rows = list[dict[str, Any]]


def trainings(
    finder: str,
    target: str,
    scores: Sequence[float],
    *,
    weights: str = "theta_0",
    source: str | None = None,
) -> Rows:
    """One cell's rows: the scores of seeds 1, 2, ..., each with its own mask.

    Every resample of the examples has the same score: intervals are of the seeds alone. Of the 27
    resamples of three seeds, 3.7 % hold one seed only, so that the interval of a difference goes
    from its least to its greatest over the seeds.
    """
    return [
        {
            "weights": weights,
            "finder": finder,
            "source_task": source,
            "rewind": 0.0 if finder == "imp" else None,
            "mask_seed": seed if finder in ("imp", "random") else None,
            "sparsity": 0.0 if finder == "dense" else SPARSITY,
            "at": None,
            "target_task": target,
            "seed": seed,
            "metric": METRICS.get(target, "accuracy"),
            "primary": True,
            "score": float(score),
            "examples": 100,
            "distinct": 50,
            "replicates": [float(score)] * REPLICATES,
        }
        for seed, score in enumerate(scores, 1)
    ]


def majority(target: str, score: float) -> Rows:
    """The majority answer's row, which has neither seed nor mask."""
    [row] = trainings("majority", target, [score], weights="none")
    return [row | {"seed": None, "sparsity": 0.0}]


def frame(rows: Rows) -> pd.DataFrame:
    """The rows with the column types of metrics.parquet."""
    return pd.DataFrame(rows).astype({"seed": "Int64", "mask_seed": "Int64", "rewind": float})


def study(
    *,
    full: float = 90,
    own: float = 89,
    other: float = 70,
    oneshot: float = 75,
    random: float = 50,
    reinit: float = 48,
    constant: float = 45,
    spread: Sequence[float] = (-1, 0, 1),
    tasks: Sequence[str] = tuple(METRICS),
) -> Rows:
    """A whole study; each cell's scores are its mean plus `spread`, a seed each."""
    rows: Rows = []
    for target in tasks:

        def cell(finder: str, mean: float, target: str = target, **identity: Any) -> Rows:
            return trainings(finder, target, [mean + by for by in spread], **identity)

        rows += majority(target, constant)
        rows += cell("dense", full)
        rows += cell("dense", reinit, weights="reinit")
        rows += cell("imp", reinit, weights="reinit", source=target)
        rows += cell("oneshot", oneshot)
        rows += cell("random", random)
        for source in tasks:
            rows += cell("imp", own if source == target else other, source=source)
    return rows


def state(path: Path, **parameters: Any) -> None:
    """Write a statement beside a file that no rule has made."""
    provenance.write(
        path, rule="made_up", parameters=parameters, dependencies={}, started=provenance.now()
    )


def write(rows: Rows, path: Path) -> Path:
    """metrics.parquet with its statement."""
    path.parent.mkdir(parents=True, exist_ok=True)
    frame(rows).to_parquet(path)
    state(path)
    return path
