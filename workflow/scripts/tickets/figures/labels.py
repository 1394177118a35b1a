"""What the figures call masks, matrices and numbers, and where their scales end."""

from __future__ import annotations

import math

import pandas as pd


def source(finder: str, task: object) -> str:
    """A mask's source: IMP's is its task, a universal one its finder."""
    if not isinstance(task, str):
        return finder
    return task if finder == "imp" else f"{task} ({finder})"


def words(kind: str) -> str:
    """A kind of matrix, in words."""
    return kind.replace("_", " ")


def signed(delta: float) -> str:
    """A difference with its sign, to a tenth; one that rounds to zero has no minus."""
    return minus(f"{round(delta, 1) + 0.0:+.1f}")


def minus(number: str) -> str:
    """The number with a minus as long as a plus."""
    return number.replace("-", "\N{MINUS SIGN}")


def tenths(values: pd.Series[float]) -> tuple[float, float]:
    """The tenths below and above the values: a scale's ends, never the same."""
    high = math.ceil(10 * values.max())
    return min(math.floor(10 * values.min()), high - 1) / 10, high / 10
