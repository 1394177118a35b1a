"""Curves of the page: scores by sparsity, for finders, rewinds and transferred masks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import cycle

import altair as alt
import pandas as pd

from tickets.figures.curves import NAMES
from tickets.methods import named
from tickets.story.figure import COLOURS, GREY, Figure, Panel, panel, tooltips, with_seeds
from tickets.terminal import metric_label

HEIGHT = 190
"""Of a panel, in points."""


def sweep(table: pd.DataFrame, seeds: Sequence[int]) -> Figure:
    """Each finder's masks on their own task, a panel a task; `table` is sparsity_sweep.csv."""
    found = with_seeds(table[table["finder"] != "dense"], seeds)
    points = found.assign(
        panel=found["task"],
        name=found["finder"].replace(NAMES),
        value=found["mean"],
        bottom=found["mean"] - found["std"],
        top=found["mean"] + found["std"],
        star=found["wins"],
        level=found["full_mean"],
        level_bottom=found["full_mean"] - found["full_std"],
        level_top=found["full_mean"] + found["full_std"],
    )
    return _figure("sweep", points, "mask")


def rewinding(table: pd.DataFrame, seeds: Sequence[int]) -> Figure:
    """Tickets by the point they are rewound to, a panel a task; `table` is rewinding.csv."""
    std = table["std"].where(table["rewind"] == 0)
    points = with_seeds(table, seeds).assign(
        panel=table["task"],
        name=named(table),
        value=table["mean"],
        bottom=table["mean"] - std,
        top=table["mean"] + std,
        star=table["winning"] & (table["rewind"] == 0),
        level=None,
    )
    return _figure("rewinding", points, "rewound to")


def transfer_sweep(table: pd.DataFrame, seeds: Sequence[int]) -> Figure:
    """Masks that are transferred at every sparsity, a panel a target.

    `table` is transfer_variants.csv, whose variant `sweep` this is; differences from the full model
    with their 95 % intervals.
    """
    swept = with_seeds(table[table["variant"] == "sweep"], seeds)
    points = swept.assign(
        panel=swept["target"],
        name=[
            f"mask of {source}" if finder == "imp" else str(NAMES.get(finder, finder))
            for finder, source in zip(swept["finder"], swept["source"], strict=True)
        ],
        value=swept["delta_full"],
        bottom=swept["low"],
        top=swept["high"],
        star=swept["matches_full"],
        level=0.0,
        level_bottom=float("nan"),
        level_top=float("nan"),
    )
    return _figure("transfer_sweep", points, "mask", unit="difference from the full model (points)")


def _figure(name: str, points: pd.DataFrame, what: str, unit: str | None = None) -> Figure:
    """A panel for each value of `panel`, in the table's order, under one legend.

    A row is a point of the line `name` at `value`, with its band from `bottom` to `top`, filled
    where `star` says so; the full model's `level` and band are the panel's. NaN is not drawn.
    """
    points = points.assign(percent=100 * points["sparsity"])
    names = [str(each) for each in points["name"].unique()]
    colours = dict(zip(names, cycle(COLOURS)))
    panels: list[Panel] = []
    for title, rows in points.groupby("panel", sort=False):
        score = f"{metric_label(rows['metric'].iloc[0]).strip()} (%)"
        chart = _panel(rows, colours, what, unit or score)
        panels.append(panel(str(title), chart, HEIGHT))
    return Figure(name=name, panels=panels, legend=list(colours.items()))


def _panel(rows: pd.DataFrame, colours: dict[str, str], what: str, unit: str) -> alt.LayerChart:
    percents = [float(percent) for percent in sorted(rows["percent"].unique())]
    x = alt.X(
        "percent:Q",
        title="pruned (%)",
        axis=alt.Axis(values=percents, format=".4~r", grid=False, labelOverlap="greedy"),
        scale=alt.Scale(domain=[percents[0], percents[-1]], nice=False, padding=8),
    )
    colour = alt.Color(
        "name:N",
        legend=None,
        scale=alt.Scale(domain=list(colours), range=list(colours.values())),
    )

    def y(column: str) -> alt.Y:
        return alt.Y(
            f"{column}:Q",
            title=unit,
            axis=alt.Axis(
                tickCount=4,
                titleAnchor="end",
                titleAngle=0,
                titleAlign="left",
                titleX=-30,
                titleY=-8,
            ),
            scale=alt.Scale(zero=False),
        )

    full = [
        alt.Tooltip("full_mean:Q", title="full model, mean", format=".2f"),
        alt.Tooltip("full_std:Q", title="full model, standard deviation", format=".2f"),
    ]
    told = tooltips(
        [
            alt.Tooltip("panel:N", title="task"),
            alt.Tooltip("name:N", title=what),
            alt.Tooltip("percent:Q", title="pruned (%)", format=".4~r"),
            alt.Tooltip("metric:N"),
        ],
        full if "full_mean" in rows else [],
    )
    # The first name is drawn last, above the others.
    rows = rows.iloc[::-1]
    points = alt.Chart(rows).encode(x=x, y=y("value"), color=colour)
    dots = {"datum.star": 70, "!datum.star": 14}
    layers = [
        *_level(rows, y),
        # Without any, Vega-Lite would complain of it to the console.
        *([_band(rows, x, y, colour)] if rows["bottom"].notna().any() else []),
        points.mark_line(strokeWidth=2),
        *(
            points.transform_filter(which).mark_point(filled=True, size=size, opacity=1)
            for which, size in dots.items()
            if (rows["star"] == (which == "datum.star")).any()
        ),
        # A place to point at that a finger meets.
        points.mark_point(filled=True, size=350, opacity=0).encode(tooltip=told),
    ]
    return alt.LayerChart(layer=layers)


def _band(rows: pd.DataFrame, x: alt.X, y: Callable[[str], alt.Y], colour: alt.Color) -> alt.Chart:
    drawn = alt.Chart(rows).transform_filter("isValid(datum.bottom) && isValid(datum.top)")
    return drawn.mark_area(opacity=0.18).encode(x=x, y=y("bottom"), y2="top:Q", color=colour)


def _level(rows: pd.DataFrame, y: Callable[[str], alt.Y]) -> list[alt.Chart]:
    """The full model's mean and its band, where there are such."""
    if rows["level"].isna().all():
        return []
    level = rows[["level", "level_bottom", "level_top"]].head(1)
    line = alt.Chart(level).mark_rule(color=GREY, strokeDash=[5, 3], strokeWidth=1.5)
    band = alt.Chart(level.dropna()).mark_rect(color=GREY, opacity=0.18)
    return [
        *([band.encode(y=y("level_bottom"), y2="level_top:Q")] if len(level.dropna()) else []),
        line.encode(y=y("level")),
    ]
