"""Scores of predictions in percent, from plain numbers and texts.

Correlations (Matthews, Pearson, Spearman) of constant predictions or references are undefined.
Here they are 0, as scikit-learn's Matthews is: a constant carries no information.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Literal, cast

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import stats
from sklearn import metrics as sklearn

from tickets.errors import BadInput

Numbers = NDArray[Any]
Kind = Literal["int64", "float64", "text"]
"""What a metric compares: numbers of a type, or a text with several texts."""

CACHED = 2**17
"""Answers to cache: a study's trainings answer the same questions, mostly alike."""

# The last column of answers and its contents: all trainings on a task have the same one.
_last: list[tuple[pa.ChunkedArray, list[tuple[str, ...]]]] = []

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)


def score(names: Sequence[str], table: pa.Table) -> dict[str, float]:
    """The metrics `names` of a predictions table, in percent.

    Raises:
        BadInput: a metric that is not in `METRICS`, a table without rows, or predictions that are
            not numbers or not of the type that a metric compares.
    """
    if unknown := [name for name in names if name not in METRICS]:
        raise BadInput(f"no metric {unknown[0]}; there are {', '.join(METRICS)}")
    pair = compared_values(table)
    scores: dict[str, float] = {}
    for name in names:
        kind, function = METRICS[name]
        scores[name] = 100 * function(*(_convert(kind, values) for values in pair))
    return scores


def compared_values(table: pa.Table) -> tuple[Any, Any]:
    """What the metrics of a table compare: predictions and references, or correct and total.

    Raises:
        BadInput: a table without rows, or predictions that are not numbers.
    """
    if table.num_rows == 0:
        raise BadInput("no predictions to score; run the training again")
    inputs = ("correct", "total") if "total" in table.column_names else ("prediction", "reference")
    predictions, references = (_values(table[name]) for name in inputs)
    for values in (predictions, references):
        if isinstance(values, np.ndarray) and values.dtype.kind == "f" and not _finite(values):
            raise BadInput("a prediction or reference is not a number; run the training again")
    return predictions, references


def _values(column: pa.ChunkedArray) -> Any:
    if pa.types.is_nested(column.type):
        return _answers(column)
    return column.to_pylist() if pa.types.is_string(column.type) else column.to_numpy()


def _answers(column: pa.ChunkedArray) -> list[tuple[str, ...]]:
    """The answers of each question."""
    if not _last or not column.equals(_last[0][0]):
        _last[:] = [(column, [tuple(answers) for answers in column.to_pylist()])]
    return _last[0][1]


@lru_cache(CACHED)
def normalize(answer: str) -> str:
    """An answer as SQuAD compares it: lower case, no punctuation, no articles, single spaces."""
    bare = answer.lower().translate(_PUNCTUATION)
    return " ".join(_ARTICLES.sub(" ", bare).split())


def exact(prediction: str, reference: str) -> float:
    """1 if the two are the same answer, else 0 (SQuAD v1.1)."""
    return float(normalize(prediction) == normalize(reference))


def overlap(prediction: str, reference: str) -> float:
    """F1 of the words that two answers share, counted as often as they occur (SQuAD v1.1)."""
    one, other = normalize(prediction).split(), normalize(reference).split()
    shared = sum(min(one.count(word), other.count(word)) for word in {*one} & {*other})
    return 2 * shared / (len(one) + len(other)) if shared else 0.0


def _convert(kind: Kind, values: Any) -> Any:
    """Convert values to the type that a metric compares, without rounding."""
    try:
        if (kind == "text") == isinstance(values, list):
            return values if kind == "text" else values.astype(kind, casting="safe")
    except TypeError:
        pass
    raise BadInput(f"predictions or references are not {kind}; make the file again")


def _best(compare: Callable[[str, str], float]) -> Callable[..., Numbers]:
    """For each question the best match of its prediction with any of its answers [questions]."""

    @lru_cache(CACHED)
    def best(prediction: str, answers: tuple[str, ...]) -> float:
        return max(compare(prediction, answer) for answer in answers)

    def matches(predictions: Sequence[str], references: Sequence[Sequence[str]]) -> Numbers:
        pairs = zip(predictions, map(tuple, references), strict=True)
        return np.array([best(prediction, answers) for prediction, answers in pairs])

    return matches


def _mean(matches: Callable[..., Numbers]) -> Callable[[Any, Any], float]:
    return lambda predictions, references: float(np.mean(matches(predictions, references)))


def _accuracy(predictions: Numbers, references: Numbers) -> float:
    return float(sklearn.accuracy_score(references, predictions))


def _f1(predictions: Numbers, references: Numbers) -> float:
    zero: Any = 0  # the stub allows only the default's type
    return float(sklearn.f1_score(references, predictions, zero_division=zero))


def _correlation(
    function: Callable[[Numbers, Numbers], Any],
) -> Callable[[Numbers, Numbers], float]:
    """`function`, and 0 where it is undefined."""

    def value(predictions: Numbers, references: Numbers) -> float:
        if np.ptp(predictions) == 0 or np.ptp(references) == 0:
            return 0.0
        return float(function(references, predictions))

    return value


def _pearson(one: Numbers, other: Numbers) -> Any:
    return cast(Any, stats.pearsonr(one, other)).statistic


def _spearman(one: Numbers, other: Numbers) -> Any:
    return cast(Any, stats.spearmanr(one, other)).statistic


def _masked_accuracy(correct: Numbers, total: Numbers) -> float:
    if np.sum(total) == 0:
        raise BadInput("no masked words to score; give the validation split more text")
    return float(np.sum(correct) / np.sum(total))


def _finite(values: Numbers) -> bool:
    return bool(np.isfinite(values).all())


exact_matches, overlaps = _best(exact), _best(overlap)
METRICS: dict[str, tuple[Kind, Callable[[Any, Any], float]]] = {
    "accuracy": ("int64", _accuracy),
    "f1": ("int64", _f1),
    "matthews_correlation": ("int64", _correlation(sklearn.matthews_corrcoef)),
    "pearson": ("float64", _correlation(_pearson)),
    "spearman": ("float64", _correlation(_spearman)),
    "exact_match": ("text", _mean(exact_matches)),
    "span_f1": ("text", _mean(overlaps)),
    "masked_accuracy": ("int64", _masked_accuracy),
}
"""By name: what a metric compares, and its function to a fraction; `masked_accuracy` compares each
sequence's correct and hidden words.
"""
