"""Transferability against training examples: points with their names, none upon another."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, product
from typing import Literal

import altair as alt
import numpy as np
import pandas as pd

from tickets.figures.charts import INK, styled
from tickets.figures.curves import COLOURS, GREY
from tickets.terminal import seeds

WIDTH, HEIGHT = 720, 420
"""Size of the figure in points."""

CHARACTER, LINE, GAP = 7.5, 16.0, 9.0
"""Width and height of a name's character, and its distance from its point, in points."""

BESIDE, HALF_BAR = 18.0, 5.0
"""Distance of sources with equally many examples, and half a bar's room, in points."""

SIDES: tuple[Literal["left"], Literal["right"]] = ("left", "right")
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

    def transfer_at(self, up: float) -> float:
        least, most = self.transfer
        return least + (most - least) * up / HEIGHT


def transferability(table: pd.DataFrame) -> alt.LayerChart:
    """Mean transfer of each source's mask against the training examples that it was found on.

    `table` is transferability.csv. Bars are 95 % intervals; a line joins a task and its parts.
    """
    plane = _plane(table)
    points = _points(table, plane)
    names = _names(points, plane)
    families = list(points["family"].unique())
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
        scale=alt.Scale(domain=families, range=[c for _, c in zip(families, cycle(COLOURS))]),
    )

    def y(column: str) -> alt.Y:
        return alt.Y(f"{column}:Q", title=title, scale=scale)

    base = alt.Chart(points).encode(x=x, color=colour)
    text = alt.Chart(names).encode(x=x, y=y("at"), text="source:N")
    layers = [
        alt.Chart(pd.DataFrame({"full": [0.0]}))
        .mark_rule(color=GREY, strokeDash=[5, 3], strokeWidth=1.5)
        .encode(y=y("full")),
        base.mark_line(strokeWidth=1.5, opacity=0.6).encode(y=y("mean")),
        base.mark_rule(strokeWidth=1.5).encode(y=y("low"), y2="high:Q"),
        base.mark_point(filled=True, size=70, opacity=1).encode(y=y("mean")),
        *(
            text.transform_filter(alt.datum.align == side).mark_text(
                align=side, baseline="middle", fontSize=13, color=INK
            )
            for side in SIDES
        ),
    ]
    return styled(
        alt.LayerChart(layer=layers, width=WIDTH, height=HEIGHT),
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


def _points(table: pd.DataFrame, plane: _Plane) -> pd.DataFrame:
    """`table` with each source's `family`, and `examples` where the figure has it."""
    equal = table.groupby("train_examples")["source"]
    shift = BESIDE * (equal.cumcount() - (equal.transform("size") - 1) / 2)
    examples = [
        plane.examples_at(plane.across(number) + aside)
        for number, aside in zip(table["train_examples"], shift, strict=True)
    ]
    whole = table["subset_of"].isna() | (table["subset_of"] == "")
    family = table["subset_of"].mask(whole, table["source"])
    return table.assign(family=family, examples=examples)


def _names(points: pd.DataFrame, plane: _Plane) -> pd.DataFrame:
    """Each source's name as near to its point as it meets no bar, line or other name."""
    taken = [*OUTSIDE, *_bars(points, plane), *_lines(points, plane)]
    rows: list[dict[str, object]] = []
    for source, examples, mean in zip(
        points["source"], points["examples"], points["mean"], strict=True
    ):
        places = list(_places(str(source), plane.across(examples), plane.up(mean)))
        side, box = min(places, key=lambda place: sum(map(place[1].meets, taken)))
        taken.append(box)
        across = box.left if side == "left" else box.right
        up = (box.bottom + box.top) / 2
        rows.append(
            {
                "source": source,
                "align": side,
                "examples": plane.examples_at(across),
                "at": plane.transfer_at(up),
            }
        )
    return pd.DataFrame(rows)


def _places(name: str, across: float, up: float) -> Iterator[tuple[str, _Box]]:
    """Where a point's name may stand, the best places first, and which side of it is fixed."""
    length = CHARACTER * len(name)
    for step, side in product((0, 1, -1, 2, -2, 3, -3), SIDES):
        left = across + GAP if side == "left" else across - GAP - length
        bottom = up + step * LINE - LINE / 2
        yield side, _Box(left=left, right=left + length, bottom=bottom, top=bottom + LINE)


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
