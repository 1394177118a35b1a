"""Labels of sources, metrics, matrices and numbers in charts, and the ends of their scales."""

from __future__ import annotations

import math

import pandas as pd

from tickets.terminal import metric_label


def source_label(finder: str, task: object) -> str:
    """A mask's source in a heat map: the task, of masks without one the finder."""
    if not isinstance(task, str):
        return finder
    return task if finder == "imp" else f"{task} ({finder})"


def percent_label(metric: str) -> str:
    """An axis' title: the metric in percent."""
    return f"{metric_label(metric).strip()} (%)"


def to_words(name: str) -> str:
    """A name, such as a kind of matrix, with spaces instead of underscores."""
    return name.replace("_", " ")


def format_difference(points: float) -> str:
    """A difference with its sign, to a tenth; one that rounds to zero has no minus."""
    return _with_minus(f"{round(points, 1) + 0.0:+.1f}")


def format_fraction(fraction: float) -> str:
    """A fraction to a hundredth; one that rounds to zero has no minus."""
    return _with_minus(f"{round(fraction, 2) + 0.0:.2f}")


def _with_minus(number: str) -> str:
    """The number with a minus sign as wide as a plus sign."""
    return number.replace("-", "\N{MINUS SIGN}")


def enclosing_tenths(values: pd.Series[float]) -> tuple[float, float]:
    """The tenths below and above the values, as a scale's ends; they always differ."""
    high = math.ceil(10 * values.max())
    return min(math.floor(10 * values.min()), high - 1) / 10, high / 10
