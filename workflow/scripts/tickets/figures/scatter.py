"""Transferability against training examples: points with names that do not overlap."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

import altair as alt
import numpy as np
import pandas as pd

from tickets.figures.charts import (
    PRINT,
    Theme,
    add_heading,
    add_tooltips,
    colour_by,
    colour_lines,
    mark_level,
)
from tickets.terminal import seeds

WIDTH, HEIGHT = 720, 400
"""Size of the figure in points."""

CHARACTER, LINE, GAP = 7.5, 16.0, 9.0
"""Width and height of a name's character, and its distance from its point, in points."""

BESIDE, HALF_BAR = 18.0, 5.0
"""Distance of sources with equally many examples, and half a bar's room, in points."""


class _Box(NamedTuple):
    """A rectangle in the chart, in points from its lower left corner."""

    left: float
    right: float
    bottom: float
    top: float

    def meets(self, other: _Box) -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.bottom < other.top
            and other.bottom < self.top
        )


OUTSIDE = (
    _Box(-math.inf, 0, -math.inf, math.inf),
    _Box(WIDTH, math.inf, -math.inf, math.inf),
    _Box(-math.inf, math.inf, -math.inf, 0),
    _Box(-math.inf, math.inf, HEIGHT, math.inf),
)


@dataclass(frozen=True, kw_only=True)
class _Plane:
    """Positions of values in the chart: examples across, on a logarithmic scale, transfer upwards.

    `examples` and `transfer` are the ends of the axes.
    """

    examples: tuple[float, float]
    transfer: tuple[float, float]

    def across(self, examples: pd.Series[float]) -> pd.Series[float]:
        least, most = self.examples
        return WIDTH * (examples / least).map(math.log) / math.log(most / least)

    def examples_at(self, across: pd.Series[float]) -> pd.Series[float]:
        least, most = self.examples
        return least * (most / least) ** (across / WIDTH)

    def up(self, transfer: pd.Series[float]) -> pd.Series[float]:
        least, most = self.transfer
        return HEIGHT * (transfer - least) / (most - least)


def transferability(table: pd.DataFrame, theme: Theme = PRINT) -> alt.LayerChart:
    """Mean transfer of each source's mask, by the source's number of training examples.

    `table` is transferability.csv. Bars are 95 % intervals; a line joins a task and its parts.
    """
    plane = _plane(table)
    points = _place_names(_place_points(table, plane), plane)
    colours = colour_lines(list(points["family"].unique()))
    x = alt.X(
        "examples:Q",
        title="training examples of the source",
        axis=alt.Axis(values=_ticks(plane), format="~s", grid=False, labelOverlap="greedy"),
        scale=alt.Scale(type="log", domain=list(plane.examples), nice=False),
    )
    title = "transfer \N{MINUS SIGN} full model, mean over targets (points)"
    scale = alt.Scale(domain=list(plane.transfer), nice=False)
    colour = colour_by("family", colours)

    def y(column: str) -> alt.Y:
        return alt.Y(f"{column}:Q", title=title, scale=scale)

    base = alt.Chart(points).encode(x=x, y=y("mean"))
    coloured = base.encode(color=colour)
    name: dict[str, Any] = {of: alt.ExprRef(f"datum.name_{of}") for of in ("align", "dx", "dy")}
    layers = [
        mark_level(alt.Chart(pd.DataFrame({"full": [0.0]}))).encode(y=y("full")),
        coloured.mark_line(strokeWidth=1.5, opacity=0.6),
        coloured.mark_rule(strokeWidth=1.5).encode(y=y("low"), y2="high:Q"),
        coloured.mark_point(filled=True, size=80, opacity=1),
        base.mark_text(style="name", baseline="middle", **name).encode(text="source:N"),
        *add_tooltips(
            coloured.mark_point(filled=True, size=350),  # a finger's size
            theme,
            "source train_examples targets low high",
        ),
    ]
    return add_heading(
        alt.LayerChart(layer=layers, width=WIDTH, height=HEIGHT),
        theme,
        "How well a source's mask serves the other tasks, by its training examples",
        [
            f"Mean over {seeds(table['n'])}; bars: 95 % intervals. Dashed: the full model. "
            "Lines: a task and parts of its examples.",
            "Sources with equally many examples stand side by side.",
        ],
    )


def _plane(table: pd.DataFrame) -> _Plane:
    """Axes with room for all bars, the full model's level, and names on either side."""
    least, most = float(table["train_examples"].min()), float(table["train_examples"].max())
    low, high = min(0.0, float(table["low"].min())), max(0.0, float(table["high"].max()))
    margin = 0.06 * (high - low or 1.0)
    sides = max(2.0, (most / least) ** 0.2)
    return _Plane(examples=(least / sides, most * sides), transfer=(low - margin, high + margin))


def _place_points(table: pd.DataFrame, plane: _Plane) -> pd.DataFrame:
    """`table` with each source's `family`, and its point's position as `examples`."""
    equal = table.groupby("train_examples")["source"]
    shift = BESIDE * (equal.cumcount() - (equal.transform("size") - 1) / 2)
    whole = table["subset_of"].isna() | (table["subset_of"] == "")
    return table.assign(
        family=table["subset_of"].mask(whole, table["source"]),
        examples=plane.examples_at(plane.across(table["train_examples"]) + shift),
    )


def _place_names(points: pd.DataFrame, plane: _Plane) -> pd.DataFrame:
    """`points` with the position of each name: as near as it overlaps no bar, line or other name.

    `name_align` is the side of the name at the position, `name_dx` and `name_dy` its offset from
    the point, in points to the right and down. In a chart of another width than `WIDTH` names may
    overlap.
    """
    across, up = plane.across(points["examples"]), plane.up(points["mean"])
    taken = [*OUTSIDE, *_bars(points, plane), *_lines(points["family"], across, up)]
    places: list[tuple[str, float, float]] = []
    for source, x, y in zip(points["source"], across, up, strict=True):
        choices = _places(CHARACTER * len(str(source)), x, y)
        side, step, box = min(choices, key=lambda choice: sum(map(choice[2].meets, taken)))
        taken.append(box)
        places.append((side, GAP if side == "left" else -GAP, -step * LINE))
    columns = ["name_align", "name_dx", "name_dy"]
    return points.join(pd.DataFrame(places, columns=columns, index=points.index))


def _places(length: float, x: float, y: float) -> Iterator[tuple[str, int, _Box]]:
    """Possible places of a point's name, best first: its fixed side, lines up, and its box."""
    for steps, side in product(((0, 1, -1), (2, -2), (3, -3)), ("left", "right")):
        left = x + GAP if side == "left" else x - GAP - length
        for step in steps:
            middle = y + step * LINE
            yield side, step, _Box(left, left + length, middle - LINE / 2, middle + LINE / 2)


def _bars(points: pd.DataFrame, plane: _Plane) -> Iterator[_Box]:
    """The points' intervals, and the full model's level."""
    ends = plane.up(points["low"]), plane.up(points["high"])
    for x, low, high in zip(plane.across(points["examples"]), *ends, strict=True):
        yield _Box(x - HALF_BAR, x + HALF_BAR, low, high)
    (level,) = plane.up(pd.Series([0.0]))
    yield _Box(0, WIDTH, level - 1, level + 1)


def _lines(
    families: pd.Series[str], across: pd.Series[float], up: pd.Series[float]
) -> Iterator[_Box]:
    """The lines within families, as small boxes along them."""
    for _, x in across.sort_values().groupby(families):
        for at in np.arange(x.iloc[0], x.iloc[-1], 4.0):
            y = float(np.interp(at, x, up[x.index]))
            yield _Box(at, at + 4, y - 2, y + 2)


def _ticks(plane: _Plane) -> list[float]:
    """Round numbers of examples: 1, 2 and 5 of every power of ten."""
    least, most = plane.examples
    powers = range(math.floor(math.log10(least)), math.ceil(math.log10(most)) + 1)
    numbers = (float(digit * 10**power) for power, digit in product(powers, (1, 2, 5)))
    return [number for number in numbers if least <= number <= most]
