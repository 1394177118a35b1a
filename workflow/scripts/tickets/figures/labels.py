"""What the charts call finders, masks, metrics, matrices and numbers; where their scales end."""

from __future__ import annotations

import math

import pandas as pd

from tickets.terminal import metric_label

WINNING = "at least the full model's mean less one standard deviation"
"""What makes a mask a winning ticket, in a chart's reading lines."""

_FINDERS = {"imp": "IMP", "oneshot": "one-shot", "snip": "SNIP"}


def finder_label(finder: str) -> str:
    """What a chart's legend calls a finder."""
    return _FINDERS.get(finder, finder)


def source_label(finder: str, task: object) -> str:
    """What a heat map calls a mask's source: IMP's is its task, a universal one its finder."""
    if not isinstance(task, str):
        return finder
    return task if finder == "imp" else f"{task} ({finder})"


def percent_label(metric: str) -> str:
    """An axis' title: the metric, in per cent."""
    return f"{metric_label(metric).strip()} (%)"


def to_words(name: str) -> str:
    """A name of several words, such as a kind of matrix, without underscores."""
    return name.replace("_", " ")


def format_difference(points: float) -> str:
    """A difference with its sign, to a tenth; one that rounds to zero has no minus."""
    return _with_minus(f"{round(points, 1) + 0.0:+.1f}")


def format_fraction(fraction: float) -> str:
    """A fraction to a hundredth; one that rounds to zero has no minus."""
    return _with_minus(f"{round(fraction, 2) + 0.0:.2f}")


def _with_minus(number: str) -> str:
    """The number with a minus as long as a plus."""
    return number.replace("-", "\N{MINUS SIGN}")


def enclosing_tenths(values: pd.Series[float]) -> tuple[float, float]:
    """The tenths below and above the values: a scale's ends, never the same."""
    high = math.ceil(10 * values.max())
    return min(math.floor(10 * values.min()), high - 1) / 10, high / 10
