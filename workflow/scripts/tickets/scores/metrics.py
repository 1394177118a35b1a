"""The metrics of `scoring` as metrics of the library `evaluate`, without the hub."""

from __future__ import annotations

import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, cast

import numpy as np
import pyarrow as pa
from datasets import Features, Value
from datasets import List as ListOf

from tickets.scores.scoring import METRICS, Kind, compared_values


@contextmanager
def _without(module: str) -> Generator[None]:
    """Make imports of `module` fail meanwhile, unless it is loaded already."""
    modules = cast(dict[str, Any], sys.modules)
    absent = modules.setdefault(module, None) is None
    try:
        yield
    finally:
        if absent:
            del modules[module]


# evaluate imports it to run models, which no metric needs: it loads torch, for five seconds.
with _without("transformers"):
    import evaluate

_FEATURES: dict[Kind, Features] = {
    "int64": Features({"predictions": Value("int64"), "references": Value("int64")}),
    "float64": Features({"predictions": Value("float64"), "references": Value("float64")}),
    "text": Features({"predictions": Value("string"), "references": ListOf(Value("string"))}),
}


def score(names: Sequence[str], table: pa.Table) -> dict[str, float]:
    """The metrics `names` of a predictions table, in percent.

    Raises:
        BadInput: a table without rows, or predictions that are not numbers.
    """
    predictions, references = compared_values(table)
    metrics = evaluate.combine([_metric(name) for name in names])
    return cast(dict[str, float], metrics.compute(predictions=predictions, references=references))


class Percent(evaluate.Metric):
    """One of `scoring.METRICS`; for `masked_accuracy`, each sequence's correct and total words."""

    def __init__(self, name: str) -> None:
        kind, self._function = METRICS[name]
        self._kind: Kind = kind
        self._result = name
        super().__init__(keep_in_memory=True)

    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(
            description=self._result,
            citation="",
            inputs_description="",
            features=_FEATURES[self._kind],  # format="numpy" would make float64 float32
        )

    def _compute(
        self, *, predictions: Any = None, references: Any = None, **_: Any
    ) -> dict[str, float]:
        if self._kind != "text":
            predictions, references = np.array(predictions), np.array(references)
        return {self._result: 100 * self._function(predictions, references)}


@cache
def _metric(name: str) -> Percent:
    return Percent(name)
