"""Bootstrap over examples: a training's scores on other validation splits like its own.

A resample draws as many examples as there are, with replacement; a replicate is the score on it.
All trainings on one target task are scored on the same resamples, so that a difference of two
trainings does not contain the variation that both share.

A resample is a row of counts: how often each example was drawn. Most metrics need only sums over
the examples, so that one product of counts and columns gives all replicates.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import stats

from tickets.scores.scoring import compared_values, exact_matches, overlaps
from tickets.seeds import derive

REPLICATES = 1000

CHUNK = 2**20
"""Counts that are processed at once: 8 MiB as doubles."""

CONSTANT = 1e-12
"""A resample's variance below this share of its mean square is a rounding error."""

Numbers = NDArray[Any]
Score = Callable[[Numbers], Numbers]
"""From resamples [b, examples] to the metric on each of them [b], as a fraction."""


@lru_cache(maxsize=1)
def draw_resamples(task: str, examples: int) -> NDArray[np.uint8]:
    """How often each of a task's validation `examples` is in each resample [REPLICATES, examples].

    The last result is cached: a byte per example and resample, 40 MB for 40,000 examples.
    """
    random = np.random.default_rng(derive(0, f"resamples of {task}"))
    resamples = np.empty((REPLICATES, examples), dtype=np.uint8)
    for resample in resamples:
        indices = random.integers(examples, size=examples)
        resample[:] = np.bincount(indices, minlength=examples)
    resamples.flags.writeable = False
    return resamples


def replicates(metric: str, table: pa.Table, resamples: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The score of a predictions table on each of the resamples, in percent [resamples].

    `resamples` [resamples, examples] come from `draw_resamples`. Where a metric is undefined it is
    0, as in `scoring.score`.
    """
    score = _METRICS[metric](table)
    chunks = np.array_split(resamples, 1 + resamples.size // CHUNK)
    return np.concatenate([100 * score(chunk) for chunk in chunks]).astype(np.float32)


def _mean(values: Numbers) -> Score:
    """The mean of one value per example."""
    return lambda resamples: resamples @ values.astype(float) / values.size


def _accuracy(table: pa.Table) -> Score:
    predictions, references = _numbers(table, "prediction", "reference")
    return _mean(predictions == references)


def _f1(table: pa.Table) -> Score:
    one, other = (labels == 1 for labels in _numbers(table, "prediction", "reference"))
    columns = np.column_stack([2 * (one & other), 1 * one + 1 * other]).astype(float)
    return lambda resamples: _ratio(*(resamples @ columns).T)


def _matthews(table: pa.Table) -> Score:
    """Matthews correlation for any number of classes (Gorodkin)."""
    predictions, references = _numbers(table, "prediction", "reference")
    classes, n = np.union1d(predictions, references), predictions.size
    indicators = [labels[:, None] == classes for labels in (predictions, references)]
    columns = np.column_stack([predictions == references, *indicators]).astype(float)

    def score(resamples: Numbers) -> Numbers:
        correct, one, other = np.split(resamples @ columns, [1, 1 + classes.size], axis=1)
        covariance = n * correct[:, 0] - np.sum(one * other, axis=1)
        variances = [n**2 - np.sum(labels**2, axis=1) for labels in (one, other)]
        return _ratio(covariance, np.sqrt(variances[0] * variances[1]))

    return score


def _pearson(table: pa.Table) -> Score:
    # Centred, as sums of squares lose digits if the mean is far from zero.
    one, other = (x - x.mean() for x in _numbers(table, "prediction", "reference"))
    columns = np.column_stack([one, other, one * one, other * other, one * other])

    def score(resamples: Numbers) -> Numbers:
        x, y, xx, yy, xy = (resamples @ columns).T / one.size
        varies = (xx - x * x > CONSTANT * xx) & (yy - y * y > CONSTANT * yy)
        variances = np.where(varies, (xx - x * x) * (yy - y * y), 0)
        return _ratio(xy - x * y, np.sqrt(variances))

    return score


def _spearman(table: pa.Table) -> Score:
    """Ranks are not sums: each resample is expanded and ranked again."""
    values = np.stack(_numbers(table, "prediction", "reference"))
    n = values.shape[1]

    def score(resamples: Numbers) -> Numbers:
        indices = np.stack([np.repeat(np.arange(n), resample) for resample in resamples])
        one, other = stats.rankdata(values[:, indices], axis=2) - (n + 1) / 2
        covariance = np.sum(one * other, axis=1)
        return _ratio(covariance, np.sqrt(np.sum(one**2, axis=1) * np.sum(other**2, axis=1)))

    return score


def _matches(matches: Callable[..., Numbers]) -> Callable[[pa.Table], Score]:
    """The mean over questions of the best match with any of a question's answers."""

    def score(table: pa.Table) -> Score:
        return _mean(matches(*compared_values(table)))

    return score


def _masked_accuracy(table: pa.Table) -> Score:
    columns = np.column_stack(_numbers(table, "correct", "total")).astype(float)
    return lambda resamples: _ratio(*(resamples @ columns).T)


def _numbers(table: pa.Table, *names: str) -> list[Numbers]:
    return [table[name].to_numpy() for name in names]


def _ratio(one: Numbers, other: Numbers) -> Numbers:
    """`one` / `other`, and 0 where that is undefined."""
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
