"""Transferability against training examples: points with their names, none upon another."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from tickets.figures.charts import (
    PRINT,
    Theme,
    add_heading,
    add_tooltips,
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

SIDES = ("left", "right")
"""Of a name, which is beside its point."""


@dataclass(frozen=True, kw_only=True)
class _Box:
    """A part of the figure, in points from its left lower corner."""

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
    _Box(left=-math.inf, right=0, bottom=-math.inf, top=math.inf),
    _Box(left=WIDTH, right=math.inf, bottom=-math.inf, top=math.inf),
    _Box(left=-math.inf, right=math.inf, bottom=-math.inf, top=0),
    _Box(left=-math.inf, right=math.inf, bottom=HEIGHT, top=math.inf),
)


@dataclass(frozen=True, kw_only=True)
class _Plane:
    """Where values stand: examples across, on a logarithmic scale, and transfer upwards."""

    examples: tuple[float, float]
    transfer: tuple[float, float]

    def across(self, examples: float) -> float:
        least, most = self.examples
        return WIDTH * math.log(examples / least) / math.log(most / least)

    def examples_at(self, across: float) -> float:
        least, most = self.examples
        return least * (most / least) ** (across / WIDTH)

    def up(self, transfer: float) -> float:
        least, most = self.transfer
        return HEIGHT * (transfer - least) / (most - least)


def transferability(table: pd.DataFrame, theme: Theme = PRINT) -> alt.LayerChart:
    """Mean transfer of each source's mask by the training examples that it was trained on.

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
    title = "transfer \N{MINUS SIGN} full model, mean over the other tasks (points)"
    scale = alt.Scale(domain=list(plane.transfer), nice=False)
    colour = alt.Color(
        "family:N",
        legend=None,
        scale=alt.Scale(domain=list(colours), range=list(colours.values())),
    )

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
    """Room for all bars, the full model's level and names to either side."""
    least, most = float(table["train_examples"].min()), float(table["train_examples"].max())
    low, high = min(0.0, float(table["low"].min())), max(0.0, float(table["high"].max()))
    margin = 0.06 * (high - low or 1.0)
    sides = max(2.0, (most / least) ** 0.2)
    return _Plane(examples=(least / sides, most * sides), transfer=(low - margin, high + margin))


def _place_points(table: pd.DataFrame, plane: _Plane) -> pd.DataFrame:
    """`table` with each source's `family`, and `examples` where the chart has its point."""
    equal = table.groupby("train_examples")["source"]
    shift = BESIDE * (equal.cumcount() - (equal.transform("size") - 1) / 2)
    examples = [
        plane.examples_at(plane.across(number) + aside)
        for number, aside in zip(table["train_examples"], shift, strict=True)
    ]
    whole = table["subset_of"].isna() | (table["subset_of"] == "")
    family = table["subset_of"].mask(whole, table["source"])
    return table.assign(family=family, examples=examples)


def _place_names(points: pd.DataFrame, plane: _Plane) -> pd.DataFrame:
    """`points`, each with its name as near to it as it meets no bar, line or other name.

    `name_align` is the side of the name that is fixed, `name_dx` and `name_dy` where that is from
    the point, in points to the right and down. In a chart of another width than `WIDTH` names stay
    beside their points, but may meet.
    """
    full = plane.up(0)
    level = _Box(left=0, right=WIDTH, bottom=full - 1, top=full + 1)
    taken = [*OUTSIDE, level, *_bars(points, plane), *_lines(points, plane)]
    places: list[tuple[str, float, float]] = []
    for source, examples, mean in zip(
        points["source"], points["examples"], points["mean"], strict=True
    ):
        choices = _places(str(source), plane.across(examples), plane.up(mean))
        side, step, box = min(choices, key=lambda choice: sum(map(choice[2].meets, taken)))
        taken.append(box)
        places.append((side, GAP if side == "left" else -GAP, -step * LINE))
    columns = ["name_align", "name_dx", "name_dy"]
    return points.join(pd.DataFrame(places, columns=columns, index=points.index))


def _places(name: str, across: float, up: float) -> Iterator[tuple[str, int, _Box]]:
    """Where a point's name may stand, best first: the side that is fixed, lines up, and the box."""
    length = CHARACTER * len(name)
    for steps, side in product(((0, 1, -1), (2, -2), (3, -3)), SIDES):
        left = across + GAP if side == "left" else across - GAP - length
        for step in steps:
            bottom = up + step * LINE - LINE / 2
            yield side, step, _Box(left=left, right=left + length, bottom=bottom, top=bottom + LINE)


def _bars(points: pd.DataFrame, plane: _Plane) -> Iterator[_Box]:
    for examples, low, high in zip(points["examples"], points["low"], points["high"], strict=True):
        across = plane.across(examples)
        yield _Box(
            left=across - HALF_BAR,
            right=across + HALF_BAR,
            bottom=plane.up(low),
            top=plane.up(high),
        )


def _lines(points: pd.DataFrame, plane: _Plane) -> Iterator[_Box]:
    """The lines within families, as small boxes along them."""
    for _, family in points.sort_values("examples").groupby("family"):
        across = [plane.across(examples) for examples in family["examples"]]
        up = [plane.up(mean) for mean in family["mean"]]
        for at in np.arange(across[0], across[-1], 4.0):
            height = float(np.interp(at, across, up))
            yield _Box(left=at, right=at + 4, bottom=height - 2, top=height + 2)


def _ticks(plane: _Plane) -> list[float]:
    """Round numbers of examples: 1, 2 and 5 of every power of ten."""
    least, most = plane.examples
    powers = range(math.floor(math.log10(least)), math.ceil(math.log10(most)) + 1)
    numbers = (float(digit * 10**power) for power, digit in product(powers, (1, 2, 5)))
    return [number for number in numbers if least <= number <= most]
