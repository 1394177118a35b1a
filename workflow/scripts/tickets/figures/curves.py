"""Curves: scores by sparsity, for finders, rewinds and transferred masks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import altair as alt
import pandas as pd

from tickets.figures.charts import (
    GREY,
    PRINT,
    Theme,
    add_heading,
    add_tooltips,
    colour_by,
    colour_lines,
    mark_level,
)
from tickets.figures.labels import percent_label
from tickets.finder import label_of
from tickets.methods import CRITERIA, method_labels, rewind_label
from tickets.terminal import seeds

WIDTH, HEIGHT, ACROSS = 270, 180, 3
"""Size of a panel in points, and the number of panels in a row."""

STABLE = 2.0
"""Points; a network with a lower barrier is stable (Frankle et al., ICML 2020, section 2)."""


def sparsity_sweep(table: pd.DataFrame, theme: Theme = PRINT) -> alt.ConcatChart:
    """Scores of each finder's masks on their own task, one panel per task.

    `table` is sparsity_sweep.csv. Bands are one standard deviation to either side.
    """
    masks = table[table["finder"] != "dense"]
    return _compare_with_full(
        masks,
        theme,
        "Masks of each finder on their own task, by sparsity",
        f"Large dots: winning tickets, {CRITERIA['within_std']}.",
    )


def freezing(table: pd.DataFrame, theme: Theme = PRINT) -> alt.ConcatChart:
    """Scores where the weights outside a mask are frozen, one panel per task.

    `table` is freezing.csv. Bands are one standard deviation to either side.
    """
    masks = table[table["finder"] != "dense"]
    return _compare_with_full(
        masks,
        theme,
        "Weights frozen at theta_0, by their share",
        f"Large dots: {CRITERIA['within_std']}.",
    )


def _compare_with_full(masks: pd.DataFrame, theme: Theme, title: str, dots: str) -> alt.ConcatChart:
    """A line for each finder and a panel for each task, with the full model's level."""
    points = masks.assign(
        panel=masks["task"],
        line=masks["finder"].map(label_of),
        value=masks["mean"],
        bottom=masks["mean"] - masks["std"],
        top=masks["mean"] + masks["std"],
        ticket=masks["wins"],
        level=masks["full_mean"],
        level_std=masks["full_std"],
    )
    return _draw(
        points,
        theme,
        title,
        [
            f"Mean over {seeds(masks['n'])}; bands: one standard deviation. Dashed: full model.",
            dots,
        ],
    )


def rewinding(table: pd.DataFrame, theme: Theme = PRINT) -> alt.ConcatChart:
    """Scores of tickets by the point that they are rewound to, one panel per task.

    `table` is rewinding.csv. Only rewinding to theta_0 has a band: more bands would hide the lines.
    """
    std = table["std"].where(table["rewind"] == 0)
    points = table.assign(
        panel=table["task"],
        line=method_labels(table),
        value=table["mean"],
        bottom=table["mean"] - std,
        top=table["mean"] + std,
        ticket=table["winning"] & (table["rewind"] == 0),
        level=float("nan"),
        level_std=float("nan"),
    )
    return _draw(
        points,
        theme,
        "Tickets rewound to later weights than theta_0, or never, by sparsity",
        [
            f"Mean over {seeds(table['n'])}; band: one standard deviation of rewinding to 0 %.",
            "Large dot: the highest of these sparsities with a winning ticket, rewound to 0 %.",
        ],
    )


def connectivity(table: pd.DataFrame, theme: Theme = PRINT) -> alt.ConcatChart:
    """Barriers between two orders of the data, by the point that tickets are rewound to, one panel
    per task.

    `table` is connectivity.csv. Bands are one standard deviation to either side.
    """
    points = table.assign(
        panel=table["task"],
        line=[rewind_label(rewind) for rewind in table["rewind"]],
        value=table["barrier"],
        bottom=table["barrier"] - table["barrier_std"],
        top=table["barrier"] + table["barrier_std"],
        mean=table["barrier"],
        std=table["barrier_std"],
        ticket=False,
        level=STABLE,
        level_std=float("nan"),
    )
    return _draw(
        points,
        theme,
        "Barriers between two trainings that differ in the order of their data, by sparsity",
        [
            f"Mean over {seeds(table['n'])}; bands: one standard deviation. At 0 %: full model.",
            f"Dashed: {STABLE:g} points, below which Frankle et al. (2020) call a network stable.",
        ],
        unit="barrier (points)",
    )


def transfer_sweep(table: pd.DataFrame, theme: Theme = PRINT) -> alt.ConcatChart:
    """TRANSFER(S, T) - full(T) of masks at every sparsity, one panel per target.

    `table` is transfer_variants.csv, of which the variant `sweep` is drawn. Bands are 95 %
    intervals.
    """
    masks = table[table["variant"] == "sweep"]
    points = masks.assign(
        panel=masks["target"],
        line=[
            f"mask of {source}" if finder == "imp" else label_of(finder)
            for finder, source in zip(masks["finder"], masks["source"], strict=True)
        ],
        value=masks["delta_full"],
        bottom=masks["low"],
        top=masks["high"],
        ticket=masks["matches_full"],
        level=0.0,
        level_std=float("nan"),
    )
    return _draw(
        points,
        theme,
        "Masks transferred to every task, by sparsity",
        [
            f"Difference from the full model (dashed), mean over {seeds(masks['n'])}; bands: 95 % "
            "intervals.",
            f"Large dots: winning tickets, {CRITERIA['within_std']}.",
        ],
        unit="difference from the full model (points)",
    )


def _draw(
    points: pd.DataFrame,
    theme: Theme,
    title: str,
    reading: Sequence[str],
    unit: str | None = None,
) -> alt.ConcatChart:
    """One panel for each value of `panel`, in the table's order, under one legend.

    A row is a point of its `line` at `value`, with a band from `bottom` to `top`, and a large dot
    if it is a `ticket`; `level` and `level_std` are the full model's, the same in all of a panel.
    NaN is not drawn. `unit` is the vertical axis' title, by default the panel's metric.
    """
    points = points.assign(
        percent=100 * points["sparsity"],
        level_bottom=points["level"] - points["level_std"],
        level_top=points["level"] + points["level_std"],
    )
    colours = colour_lines([str(line) for line in points["line"].unique()])
    panels = [
        _panel(rows, theme, colours, unit or percent_label(rows["metric"].iloc[0])).properties(
            title=alt.TitleParams(text=str(name), offset=6), width=WIDTH, height=HEIGHT
        )
        for name, rows in points.groupby("panel", sort=False)
    ]
    chart = alt.concat(*panels, columns=ACROSS, spacing=24)
    return add_heading(chart, theme, title, reading, legend=colours)


def _panel(
    rows: pd.DataFrame, theme: Theme, colours: Mapping[str, str], unit: str
) -> alt.LayerChart:
    percents = [float(percent) for percent in sorted(rows["percent"].unique())]
    x = alt.X(
        "percent:Q",
        title="pruned (%)",
        axis=alt.Axis(
            values=percents, format=".4~r", grid=False, labelOverlap="greedy", labelSeparation=4
        ),
        scale=alt.Scale(domain=[percents[0], percents[-1]], nice=False, padding=8),
    )
    # The title is above the axis, where it has room.
    axis = alt.Axis(
        tickCount=4, titleAnchor="end", titleAngle=0, titleAlign="left", titleX=-30, titleY=-8
    )

    def y(column: str) -> alt.Y:
        return alt.Y(f"{column}:Q", title=unit, axis=axis, scale=alt.Scale(zero=False))

    legend = theme.legend(symbolType="stroke", symbolOpacity=1, symbolStrokeWidth=2)
    colour = colour_by("line", colours, legend)
    # The first line is drawn last, above the others.
    chart = alt.Chart(rows.iloc[::-1])
    points = chart.encode(x=x, y=y("value"), color=colour)
    layers = [*_level(rows, y)]
    # Vega-Lite warns on the page's console of layers without rows.
    if rows["bottom"].notna().any():
        layers.append(
            chart.transform_filter("isValid(datum.bottom) && isValid(datum.top)")
            .mark_area(opacity=0.2)
            .encode(x=x, y=y("bottom"), y2="top:Q", color=colour)
        )
    layers += [points.mark_line(strokeWidth=2), points.mark_circle(size=14, opacity=1)]
    if rows["ticket"].any():
        tickets = points.transform_filter("datum.ticket")
        layers.append(tickets.mark_point(filled=True, size=60, opacity=1))
    of_full = " full_mean full_std" if "full_mean" in rows else ""
    target = points.mark_point(filled=True, size=350)  # a finger's size
    layers += add_tooltips(target, theme, f"panel line percent metric{of_full}")
    return alt.LayerChart(layer=layers)


def _level(rows: pd.DataFrame, y: Callable[[str], alt.Y]) -> list[alt.Chart]:
    """The full model's band and mean, if they are not NaN."""
    level = rows[["level", "level_bottom", "level_top"]].head(1)
    chart = alt.Chart(level)
    band = chart.mark_rect(color=GREY, opacity=0.2)
    layers = {
        "level_top": band.encode(y=y("level_bottom"), y2="level_top:Q"),
        "level": mark_level(chart).encode(y=y("level")),
    }
    return [layer for column, layer in layers.items() if level[column].notna().all()]
