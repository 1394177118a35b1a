"""Tasks: what is read, what is predicted, how it is trained; tasks.yaml lists the known ones."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tickets.errors import BadInput

LANGUAGE = "language"  # the data set that the embedded study generates
METRICS = {  # by head
    "classification": ("accuracy", "f1", "matthews_correlation"),
    "regression": ("pearson", "spearman"),
    "span": ("exact_match", "span_f1"),
    "mlm": ("masked_accuracy",),
}
_TABLE = Path(__file__).with_name("tasks.yaml")


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """A data set in the hub's layout.

    path: a hub id, a local directory, or "language". name: its configuration's folder, if it has
    one. revision: 40 hexadecimal digits, required for a hub id without a local copy.
    """

    path: str
    name: str | None = None
    revision: str | None = None


@dataclass(frozen=True, kw_only=True)
class Task:
    """One task.

    text: one or two columns to read; for a span task the question, then the context.
    label: the column to predict; for a span task SQuAD's answers; None for mlm.
    labels: the number of classes; their ids are 0 to labels - 1. metrics: the first is the primary.
    epochs or steps: the length of a training; exactly one is set. max_length, stride: in tokens.
    concatenate: mlm only; join the texts and cut them into pieces of max_length.
    train_examples, validation_examples: the size of a random subset; None for all.
    """

    name: str
    head: str
    dataset: Dataset
    text: tuple[str, ...]
    metrics: tuple[str, ...]
    batch_size: int
    learning_rate: float
    max_length: int
    label: str | None = None
    labels: int | None = None
    train_split: str = "train"
    validation_split: str = "validation"
    epochs: float | None = None
    steps: int | None = None
    stride: int | None = None
    concatenate: bool | None = None
    train_examples: int | None = None
    validation_examples: int | None = None

    def __post_init__(self) -> None:
        """Raise BadInput for values that do not go together."""
        allowed = METRICS.get(self.head, ())
        span, mlm = self.head == "span", self.head == "mlm"
        classes = (self.labels or 0) >= 2 if self.head == "classification" else self.labels is None
        columns = {"span": (2,)}.get(self.head, (1,) if self.concatenate else (1, 2))
        if (self.epochs is None) == (self.steps is None):
            both = f"both epochs ({self.epochs}) and steps ({self.steps}) are"
            given = "neither epochs nor steps is" if self.epochs is None else both
            raise BadInput(f"tasks.{self.name}: {given} given; write one of them")
        for key, holds, rule in (
            ("head", self.head in METRICS, f"one of {', '.join(METRICS)}"),
            ("text", len(self.text) in columns, f"{' or '.join(map(str, columns))} columns here"),
            ("label", (self.label is None) == mlm, "a column; null for mlm, which has none"),
            ("labels", classes, "the number of classes, at least 2; classification only"),
            ("metrics", bool(self.metrics), "at least one"),
            ("metrics", set(self.metrics) <= set(allowed), f"of {', '.join(allowed)} here"),
            ("metrics", "f1" not in self.metrics or self.labels == 2, "f1 for two classes only"),
            ("stride", (self.stride is not None) == span, "given for span, and for span only"),
            ("concatenate", (self.concatenate is not None) == mlm, "given for mlm, and only there"),
            *((key, self._positive(key), "above zero") for key in _POSITIVE),
        ):
            if not holds:
                value = getattr(self, key)
                text = list(value) if isinstance(value, tuple) else value
                raise BadInput(f"tasks.{self.name}.{key}: {text}; {key} must be {rule}")

    def _positive(self, key: str) -> bool:
        value = getattr(self, key)
        return value is None or value > 0


_POSITIVE = (
    "batch_size",
    "learning_rate",
    "max_length",
    "epochs",
    "steps",
    "stride",
    "train_examples",
    "validation_examples",
)
_KEYS = tuple(field.name for field in fields(Task) if field.name != "name")
_REQUIRED = tuple(field.name for field in fields(Task) if field.default is MISSING)[1:]
_DATASET_KEYS = tuple(field.name for field in fields(Dataset))


@cache
def known() -> Mapping[str, Mapping[str, Any]]:
    """The definitions in tasks.yaml, by name: nine GLUE tasks, SQuAD v1.1 and MLM."""
    return yaml.safe_load(_TABLE.read_text())["tasks"]


def task(name: str, overrides: Mapping[str, Any] | None = None) -> Task:
    """The task `name`: a known task's definition with `overrides`, or a complete new definition.

    `steps` in the overrides replace a known task's `epochs`, and vice versa; a `dataset` with a
    path replaces its whole data set.

    Raises:
        BadInput: unknown or missing keys, or values that do not go together; one line.
    """
    keys = dict(overrides or {})
    if name not in known() and not keys:
        raise BadInput(
            f"tasks.{name}: not a known task{_closest(name, known())};"
            f" known tasks are {', '.join(known())}; a new one needs a whole definition"
        )
    _check_keys(name, keys, _KEYS)
    definition = dict(known().get(name, {}))
    if "epochs" in keys or "steps" in keys:
        definition = {k: v for k, v in definition.items() if k not in ("epochs", "steps")}
    dataset = dict(keys.pop("dataset", {}))
    _check_keys(f"{name}.dataset", dataset, _DATASET_KEYS)
    if "path" not in dataset:
        dataset = {**definition.get("dataset", {}), **dataset}
    definition = {**definition, **keys, "name": name, "dataset": dataset}
    missing = [key for key in _REQUIRED if key not in definition]
    missing += [] if "path" in dataset else ["dataset.path"]
    if missing:
        raise BadInput(
            f"tasks.{name}: a new task needs {', '.join(missing)}; add them"
            f"{_closest(name, known(), ', or write ')}"
        )
    values: dict[str, Any] = {
        **definition,
        "dataset": Dataset(**dataset),
        "text": tuple(definition["text"]),
        "metrics": tuple(definition["metrics"]),
    }
    return Task(**values)


def _closest(word: str, words: Iterable[str], lead: str = "; perhaps ") -> str:
    matches = difflib.get_close_matches(word, list(words), n=1)
    return f"{lead}{matches[0]}" if matches else ""


def _check_keys(where: str, values: Mapping[str, Any], allowed: tuple[str, ...]) -> None:
    for key in values:
        if key not in allowed:
            raise BadInput(f"tasks.{where}.{key}: unknown key{_closest(key, allowed)}")
