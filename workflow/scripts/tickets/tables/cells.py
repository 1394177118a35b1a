"""Cells: the scores of one kind of training on one target task, one per seed.

Tables give a cell's mean and standard deviation, or the difference of two means
(docs/report.md).
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tickets.errors import BadInput
from tickets.names import EVALUATION
from tickets.seeds import derive

if TYPE_CHECKING:
    import pandas as pd

DIGITS = 4
"""Decimals in tables. Values are rounded before they are compared: comparisons then agree with the
printed digits and do not depend on the order of a sum."""

SPARSITY_TOLERANCE = 1e-4

NOTABLE = 1.0
"""Points that a notable gain exceeds. The paper gives no number; it calls one to two points of
standard pruning an improvement. A full model that has learned is at least this far above the best
constant answer.
"""

ENOUGH_SEEDS = 5
"""With fewer seeds, a table marks its deviations and intervals as rough."""

INTERVAL = (2.5, 97.5)
"""Percentiles of the bootstrap distribution at the ends of an interval."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """Selects trainings; a field is None if it does not apply.

    `sparsity` is a fraction, `rewind` is in percent of training. A mask counts only for the
    training that evaluates its own seed, a mask without a seed for every training. `at` is
    "winning" or "winning_strict" if the mask's sparsity is the highest at which its source has a
    winning ticket.
    """

    target: str
    finder: str
    weights: str = "theta_0"
    source: str | None = None
    sparsity: float | None = None
    rewind: float | None = None
    at: str | None = None

    def __str__(self) -> str:
        mask = {
            "mask of": self.source,
            "at sparsity": self.sparsity,
            "at its": self.at,
            "rewound to percent": self.rewind,
        }
        parts = "".join(f" {name} {value}" for name, value in mask.items() if value is not None)
        return f"{self.finder}{parts}, weights {self.weights}, on {self.target}"


@dataclass(frozen=True, kw_only=True)
class Scores:
    """A cell's scores in percent on its target's primary metric, by seed.

    `replicates` [n, B] are the scores on B resamples of the target's validation examples, one row
    per seed in the order of `by_seed`. All cells of a target share the same resamples.
    """

    metric: str
    by_seed: pd.Series[float]
    replicates: NDArray[np.floating]

    @property
    def seeds(self) -> list[int]:
        """The seeds, in ascending order."""
        return [int(seed) for seed in self.by_seed.index]

    @property
    def n(self) -> int:
        """The number of trainings."""
        return len(self.by_seed)

    @property
    def few_seeds(self) -> bool:
        """Whether there are fewer than `ENOUGH_SEEDS`."""
        return self.n < ENOUGH_SEEDS

    @property
    def mean(self) -> float:
        """Their mean, rounded to `DIGITS`."""
        return rounded(float(self.by_seed.mean()))

    @property
    def std(self) -> float:
        """Their sample standard deviation (n - 1), rounded to `DIGITS`; NaN for one training."""
        return rounded(float(self.by_seed.std(ddof=1)))


def select(metrics: pd.DataFrame, cell: Cell) -> Scores:
    """The scores of `cell` among the rows of metrics.parquet.

    Raises:
        BadInput: no row, two rows of one seed, several primary metrics, or a score that is not a
            number.
    """
    own = metrics["mask_seed"]
    chosen = (
        metrics["primary"].astype(bool)
        & (metrics["finder"] == cell.finder)
        & (metrics["weights"] == cell.weights)
        & (metrics["target_task"] == cell.target)
        & (metrics["at"].isna() if cell.at is None else metrics["at"] == cell.at)
        & (own.isna() | (own == metrics["seed"]) | (own + EVALUATION == metrics["seed"]))
    )
    if cell.source is not None:
        chosen &= metrics["source_task"] == cell.source
    if cell.sparsity is not None:
        chosen &= (metrics["sparsity"] - cell.sparsity).abs() < SPARSITY_TOLERANCE
    if cell.rewind is not None:
        chosen &= metrics["rewind"] == cell.rewind
    rows = metrics[chosen.fillna(False).astype(bool)].sort_values("seed")

    names = rows["metric"].unique()
    if len(names) == 0:
        raise BadInput(f"metrics: no row for cell ({cell}); run its trainings and score them")
    if len(names) > 1:
        raise BadInput(f"metrics: cell ({cell}) has primary metrics {', '.join(names)}; keep one")
    if rows["seed"].duplicated().any():
        raise BadInput(f"metrics: cell ({cell}) has two rows of one seed; make the file again")
    if not all(math.isfinite(score) for score in rows["score"]):
        raise BadInput(f"metrics: cell ({cell}) has a score that is not a number; score it again")
    return Scores(
        metric=str(names[0]),
        by_seed=rows.set_index("seed")["score"],
        replicates=np.array(rows["replicates"].to_list(), dtype=float),
    )


def dense(target: str) -> Cell:
    """The full model: theta_0 without a mask, fine-tuned on `target`."""
    return Cell(finder="dense", target=target, sparsity=0.0)


def select_paired(metrics: pd.DataFrame, cell: Cell) -> Scores:
    """The scores of `cell`, whose seeds must be those of the full model on that target.

    Raises:
        BadInput: as `select`, or the seeds differ.
    """
    scores, full = select(metrics, cell), select(metrics, dense(cell.target))
    if scores.seeds != full.seeds:
        raise BadInput(
            f"metrics: cell ({cell}) has seeds {scores.seeds}, the full model {full.seeds}; "
            "run the trainings that are missing"
        )
    return scores


def constant(target: str) -> Cell:
    """The best constant answer on `target`."""
    return Cell(finder="majority", weights="none", target=target)


def tolerance(std: float) -> float:
    """Points that do not matter: `NOTABLE`, or the full model's standard deviation if more."""
    return max(NOTABLE, 0.0 if math.isnan(std) else std)


def has_learned(margin_low: float) -> bool:
    """Whether a full model has learned its task, by the lower end of the 95 % interval of its
    margin over the best constant answer.
    """
    return margin_low >= NOTABLE


def interval(one: Scores, other: Scores) -> tuple[float, float]:
    """The 95 % percentile interval of mean(one) - mean(other) in points, rounded to `DIGITS`.

    Each replicate resamples the validation examples, jointly for both cells, and the seeds: jointly
    if both cells have the same seeds, else independently. With a single seed the interval covers
    the examples only. Equal arguments give equal intervals.
    """
    random = np.random.default_rng(derive(0, "resamples of seeds"))
    seeds = _resampled(one, random)
    paired = one.by_seed.index.equals(other.by_seed.index)
    others = seeds if paired else _resampled(other, random)
    differences = _means(one, seeds) - _means(other, others)
    low, high = np.percentile(differences, INTERVAL)
    return rounded(float(low)), rounded(float(high))


def _resampled(scores: Scores, random: np.random.Generator) -> NDArray[np.int64]:
    """Row numbers of `replicates`, drawn with replacement for each column; shape [n, B]."""
    return random.integers(scores.n, size=scores.replicates.shape)


def _means(scores: Scores, seeds: NDArray[np.int64]) -> NDArray[np.floating]:
    return np.take_along_axis(scores.replicates, seeds, axis=0).mean(axis=0)


def rounded(value: float) -> float:
    """`value` rounded to `DIGITS` decimals, without negative zero."""
    return round(value, DIGITS) + 0.0


def frame(rows: Iterable[object], columns: Sequence[str]) -> pd.DataFrame:
    """A table of `rows`."""
    import pandas as pd  # slow to import, and Snakemake reads the tables' files

    return pd.DataFrame(list(rows), columns=list(columns))


def read_csv(content: bytes) -> pd.DataFrame:
    """The table in a CSV file."""
    import pandas as pd

    return pd.read_csv(io.BytesIO(content))


def csv(table: pd.DataFrame) -> bytes:
    """A table as CSV: equal tables give equal bytes; NaN is empty."""
    return table.to_csv(index=False, float_format=f"%.{DIGITS}f", lineterminator="\n").encode()
