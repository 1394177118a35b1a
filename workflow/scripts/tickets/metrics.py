"""Scores of predictions, in percent, each as a metric of `evaluate` that needs no hub.

Correlations (Matthews, Pearson, Spearman) of constant predictions or references are undefined;
here they are 0, as scikit-learn has it for Matthews: a constant says nothing about the answer.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, cast

import evaluate
import numpy as np
import pyarrow as pa
from datasets import Features, Value
from datasets import List as ListOf
from numpy.typing import NDArray
from scipy import stats
from sklearn import metrics as sklearn

from tickets.errors import BadInput

Numbers = NDArray[Any]
_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)


def score(names: Sequence[str], table: pa.Table) -> dict[str, float]:
    """The metrics `names` of a predictions table, in percent.

    Raises:
        BadInput: a table without rows, or predictions that are not numbers.
    """
    if table.num_rows == 0:
        raise BadInput("no predictions to score; run the training again")
    inputs = ("correct", "total") if "total" in table.column_names else ("prediction", "reference")
    predictions, references = (
        table[name].to_pylist() if pa.types.is_nested(table[name].type) else table[name].to_numpy()
        for name in inputs
    )
    for values in (predictions, references):
        if isinstance(values, np.ndarray) and values.dtype.kind == "f" and not _finite(values):
            raise BadInput("a prediction or reference is not a number; run the training again")
    every = evaluate.combine([_metric(name) for name in names])
    return cast(dict[str, float], every.compute(predictions=predictions, references=references))


def normalized(answer: str) -> str:
    """An answer as SQuAD compares it: lower case, no punctuation, no articles, single spaces."""
    bare = answer.lower().translate(_PUNCTUATION)
    return " ".join(_ARTICLES.sub(" ", bare).split())


def exact(prediction: str, reference: str) -> float:
    """1 where the two are the same answer, else 0 (SQuAD v1.1)."""
    return float(normalized(prediction) == normalized(reference))


def overlap(prediction: str, reference: str) -> float:
    """F1 of the words that two answers share, counted as often as they occur (SQuAD v1.1)."""
    said, wanted = normalized(prediction).split(), normalized(reference).split()
    shared = sum((Counter(said) & Counter(wanted)).values())
    return 2 * shared / (len(said) + len(wanted)) if shared else 0.0


def _best(compare: Callable[[str, str], float]) -> Callable[[Any, Any], float]:
    """The mean over questions of the best match with any of the question's answers."""

    def mean(predictions: Sequence[str], references: Sequence[Sequence[str]]) -> float:
        pairs = zip(predictions, references, strict=True)
        return float(np.mean([max(compare(said, one) for one in all_) for said, all_ in pairs]))

    return mean


def _accuracy(predictions: Numbers, references: Numbers) -> float:
    return float(sklearn.accuracy_score(references, predictions))


def _f1(predictions: Numbers, references: Numbers) -> float:
    zero: Any = 0  # the stub knows the default's type only
    return float(sklearn.f1_score(references, predictions, zero_division=zero))


def _correlation(
    function: Callable[[Numbers, Numbers], Any],
) -> Callable[[Numbers, Numbers], float]:
    """`function`, and 0 where it is not defined."""

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


_INTEGERS = Features({"predictions": Value("int64"), "references": Value("int64")})
_REALS = Features({"predictions": Value("float64"), "references": Value("float64")})
_TEXTS = Features({"predictions": Value("string"), "references": ListOf(Value("string"))})
_METRICS: dict[str, tuple[Features, Callable[[Any, Any], float]]] = {
    "accuracy": (_INTEGERS, _accuracy),
    "f1": (_INTEGERS, _f1),
    "matthews_correlation": (_INTEGERS, _correlation(sklearn.matthews_corrcoef)),
    "pearson": (_REALS, _correlation(_pearson)),
    "spearman": (_REALS, _correlation(_spearman)),
    "exact_match": (_TEXTS, _best(exact)),
    "span_f1": (_TEXTS, _best(overlap)),
    "masked_accuracy": (_INTEGERS, _masked_accuracy),
}


class Percent(evaluate.Metric):
    """One of the metrics above; `masked_accuracy` takes correct and total words a sequence."""

    def __init__(self, name: str) -> None:
        self._inputs, self._function = _METRICS[name]
        self._result = name
        super().__init__(keep_in_memory=True)

    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(
            description=self._result,
            citation="",
            inputs_description="",
            features=self._inputs,  # format="numpy" would make float64 float32
        )

    def _compute(
        self, *, predictions: Any = None, references: Any = None, **_: Any
    ) -> dict[str, float]:
        if self._inputs is not _TEXTS:
            predictions, references = np.array(predictions), np.array(references)
        return {self._result: 100 * self._function(predictions, references)}


@cache
def _metric(name: str) -> Percent:
    return Percent(name)
