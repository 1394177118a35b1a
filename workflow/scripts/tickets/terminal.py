"""Tables for a terminal."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from itertools import accumulate
from typing import Any

WIDTH = 100


def blocks(rows: Sequence[str], columns: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a table: `rows` are the names on the left, `columns` the columns beside them.

    Columns that do not fit into `WIDTH` follow below, beside the same names.
    """
    names = [name.ljust(max(map(len, rows))) for name in rows]
    rest = [_align(column) for column in columns]
    lines: list[str] = []
    while rest:
        ends = accumulate((len(column[0]) for column in rest), initial=len(names[0]))
        across = max(1, sum(end <= WIDTH for end in ends) - 1)
        block, rest = rest[:across], rest[across:]
        lines += ["", *("".join(cells).rstrip() for cells in zip(names, *block, strict=True))]
    return lines


def _align(column: Sequence[str]) -> list[str]:
    width = max(map(len, column)) + 2
    return [text.rjust(width) for text in column]


def score(mean: float, std: float, mark: str = " ") -> str:
    """A mean with its standard deviation, if there is one, and a mark."""
    return f"{mean:.1f}{mark}" if math.isnan(std) else f"{mean:.1f} ± {std:.1f}{mark}"


def percent(share: Any) -> str:
    """A share as text: 0.7 is 70 %."""
    return f"{100 * share:.4g} %"


def metric_label(metric: str) -> str:
    """A metric's name for a narrow column, aligned with scores."""
    return metric.removesuffix("_correlation").replace("_", " ") + " "


def seeds(counts: Collection[int]) -> str:
    """The number of seeds as text; `counts` are those of the cells."""
    least, most = min(counts), max(counts)
    return f"{least} to {most} seeds" if least < most else f"{most} seed{'s' * (most > 1)}"
