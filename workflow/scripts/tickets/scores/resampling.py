"""Bootstrap over examples: what a training would score on other validation splits like its own.

A replicate is the score on as many examples as there are, drawn from them with replacement. All
trainings on one target task are scored on the same resamples: a difference of two trainings is then
free of what both owe to the examples that were drawn.

A resample is a row of counts, how often each example was drawn. Of most metrics nothing but sums
over the examples is needed, so that all replicates are one product of counts and columns.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import stats

from tickets.scores.scoring import compared, exact_matches, overlaps
from tickets.seeds import derive

REPLICATES = 1000

CHUNK = 2**20
"""Counts that are handled at once: 8 MiB as doubles."""

CONSTANT = 1e-12
"""Share of its mean square below which a resample's variance is a rounding error."""

Numbers = NDArray[Any]
Score = Callable[[Numbers], Numbers]
"""Resamples [b, examples] to what the metric is on each [b], as a fraction."""


@lru_cache(maxsize=1)
def counts(task: str, examples: int) -> NDArray[np.uint8]:
    """How often each of a task's validation `examples` is in each resample [REPLICATES, examples].

    The last one asked for is kept: a byte an example and replicate, 40 MB for 40,000 examples.
    """
    random = np.random.default_rng(derive(0, f"resamples of {task}"))
    found = np.empty((REPLICATES, examples), dtype=np.uint8)
    for resample in found:
        drawn = random.integers(examples, size=examples)
        resample[:] = np.bincount(drawn, minlength=examples)
    found.flags.writeable = False
    return found


def replicates(metric: str, table: pa.Table, resamples: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The score of a predictions table on each of the resamples, in percent [resamples].

    `resamples` [resamples, examples] counts the table's rows, as `counts` does. A metric that is
    not defined on a resample is 0, as `scoring.score` has it for constants.
    """
    score = _METRICS[metric](table)
    chunks = np.array_split(resamples, 1 + resamples.size // CHUNK)
    return np.concatenate([100 * score(chunk) for chunk in chunks]).astype(np.float32)


def _mean(values: Numbers) -> Score:
    """The mean of one value an example."""
    return lambda resamples: resamples @ values.astype(float) / values.size


def _accuracy(table: pa.Table) -> Score:
    said, wanted = _numbers(table, "prediction", "reference")
    return _mean(said == wanted)


def _f1(table: pa.Table) -> Score:
    said, wanted = (labels == 1 for labels in _numbers(table, "prediction", "reference"))
    columns = np.column_stack([2 * (said & wanted), 1 * said + 1 * wanted]).astype(float)
    return lambda resamples: _ratio(*(resamples @ columns).T)


def _matthews(table: pa.Table) -> Score:
    """Of any number of classes (Gorodkin)."""
    said, wanted = _numbers(table, "prediction", "reference")
    classes, n = np.union1d(said, wanted), said.size
    indicators = [labels[:, None] == classes for labels in (said, wanted)]
    columns = np.column_stack([said == wanted, *indicators]).astype(float)

    def score(resamples: Numbers) -> Numbers:
        right, one, other = np.split(resamples @ columns, [1, 1 + classes.size], axis=1)
        together = n * right[:, 0] - np.sum(one * other, axis=1)
        alone = [n**2 - np.sum(labels**2, axis=1) for labels in (one, other)]
        return _ratio(together, np.sqrt(alone[0] * alone[1]))

    return score


def _pearson(table: pa.Table) -> Score:
    # Sums of squares lose digits where the mean is far from zero.
    one, other = (x - x.mean() for x in _numbers(table, "prediction", "reference"))
    columns = np.column_stack([one, other, one * one, other * other, one * other])

    def score(resamples: Numbers) -> Numbers:
        x, y, xx, yy, xy = (resamples @ columns).T / one.size
        varies = (xx - x * x > CONSTANT * xx) & (yy - y * y > CONSTANT * yy)
        variances = np.where(varies, (xx - x * x) * (yy - y * y), 0)
        return _ratio(xy - x * y, np.sqrt(variances))

    return score


def _spearman(table: pa.Table) -> Score:
    """Ranks are not sums: each resample is written out and ranked anew."""
    values = np.stack(_numbers(table, "prediction", "reference"))
    n = values.shape[1]

    def score(resamples: Numbers) -> Numbers:
        drawn = np.stack([np.repeat(np.arange(n), resample) for resample in resamples])
        one, other = stats.rankdata(values[:, drawn], axis=2) - (n + 1) / 2
        together = np.sum(one * other, axis=1)
        return _ratio(together, np.sqrt(np.sum(one**2, axis=1) * np.sum(other**2, axis=1)))

    return score


def _matches(matches: Callable[..., Numbers]) -> Callable[[pa.Table], Score]:
    """Each question counts by the best match with any of its answers."""

    def score(table: pa.Table) -> Score:
        return _mean(matches(*compared(table)))

    return score


def _masked_accuracy(table: pa.Table) -> Score:
    columns = np.column_stack(_numbers(table, "correct", "total")).astype(float)
    return lambda resamples: _ratio(*(resamples @ columns).T)


def _numbers(table: pa.Table, *names: str) -> list[Numbers]:
    return [table[name].to_numpy() for name in names]


def _ratio(one: Numbers, other: Numbers) -> Numbers:
    """`one` / `other`, and 0 where that is not defined."""
    return np.divide(one, other, out=np.zeros_like(one), where=other > 0)


_METRICS: dict[str, Callable[[pa.Table], Score]] = {
    "accuracy": _accuracy,
    "f1": _f1,
    "matthews_correlation": _matthews,
    "pearson": _pearson,
    "spearman": _spearman,
    "exact_match": _matches(exact_matches),
    "span_f1": _matches(overlaps),
    "masked_accuracy": _masked_accuracy,
}
