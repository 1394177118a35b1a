"""Curves: how scores go with sparsity, for finders, rewinds and transferred masks."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import cycle

import altair as alt
import pandas as pd

from tickets.figures.charts import styled
from tickets.methods import named
from tickets.terminal import metric_label, seeds

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7", "#000000")
"""Those of Okabe and Ito, which differ for every kind of colour vision; without yellow, which is
too pale for a line on white."""

GREY = "#6b6b6b"
NAMES = {"imp": "IMP", "oneshot": "one-shot", "snip": "SNIP"}
WIDTH, HEIGHT, ACROSS = 250, 170, 3
"""Size of a panel in points, and how many stand in a row."""


def sparsity_sweep(table: pd.DataFrame) -> alt.ConcatChart:
    """Scores of each finder's masks on their own task, a panel a task, beside the full model's.

    `table` is sparsity_sweep.csv. Bands are one standard deviation to either side of a mean.
    """
    found = table[table["finder"] != "dense"]
    points = pd.DataFrame(
        {
            "panel": found["task"],
            "unit": _percent(found["metric"]),
            "name": [NAMES.get(finder, finder) for finder in found["finder"]],
            "percent": 100 * found["sparsity"],
            "value": found["mean"],
            "low": found["mean"] - found["std"],
            "high": found["mean"] + found["std"],
            "dot": found["wins"],
            "full": found["full_mean"],
            "full_low": found["full_mean"] - found["full_std"],
            "full_high": found["full_mean"] + found["full_std"],
        }
    )
    return styled(
        _panels(points),
        "Masks of each finder on their own task, by sparsity",
        [
            f"Mean over {seeds(table['n'])}; bands: one standard deviation. Dashed: full model.",
            "Dots: winning tickets, at least the full model's mean less one standard deviation.",
        ],
    )


def rewinding(table: pd.DataFrame) -> alt.ConcatChart:
    """Scores of tickets on their own task, a panel a task, a line a point that is rewound to.

    `table` is rewinding.csv. Of the bands, that of rewinding to theta_0 alone is drawn: as many as
    there are lines would hide them.
    """
    std = table["std"].where(table["rewind"] == 0)
    points = pd.DataFrame(
        {
            "panel": table["task"],
            "unit": _percent(table["metric"]),
            "name": named(table),
            "percent": 100 * table["sparsity"],
            "value": table["mean"],
            "low": table["mean"] - std,
            "high": table["mean"] + std,
            "dot": table["winning"] & (table["rewind"] == 0),
            "full": float("nan"),
            "full_low": float("nan"),
            "full_high": float("nan"),
        }
    )
    return styled(
        _panels(points),
        "Tickets rewound to later weights than theta_0, or never, by sparsity",
        [
            f"Mean over {seeds(table['n'])}; band: one standard deviation of rewinding to 0 %.",
            "Dot: the highest of these sparsities with a winning ticket, rewound to 0 %.",
        ],
    )


def transfer_sweep(table: pd.DataFrame) -> alt.ConcatChart:
    """TRANSFER(S, T) - full(T) of masks that are swept over sparsities, a panel a target.

    `table` is transfer_variants.csv, whose variant `sweep` this is. Bands are 95 % intervals.
    """
    swept = table[table["variant"] == "sweep"]
    points = pd.DataFrame(
        {
            "panel": swept["target"],
            "unit": "difference (points)",
            "name": [
                f"mask of {source}" if finder == "imp" else NAMES.get(finder, finder)
                for finder, source in zip(swept["finder"], swept["source"], strict=True)
            ],
            "percent": 100 * swept["sparsity"],
            "value": swept["delta_full"],
            "low": swept["low"],
            "high": swept["high"],
            "dot": swept["matches_full"],
            "full": 0.0,
            "full_low": float("nan"),
            "full_high": float("nan"),
        }
    )
    return styled(
        _panels(points),
        "Masks transferred to every task, by sparsity",
        [
            f"Difference from the full model (dashed), mean over {seeds(swept['n'])}; bands: 95 % "
            "intervals.",
            "Dots: winning tickets, at least the full model's mean less one standard deviation.",
        ],
    )


def _percent(metrics: pd.Series[str]) -> list[str]:
    return [f"{metric_label(metric)}(%)" for metric in metrics]


def _panels(points: pd.DataFrame) -> alt.ConcatChart:
    """A panel for each value of `panel`, in the table's order, under one legend.

    A row is a point of the line `name`, with its band from `low` to `high`, and a `dot` if marked
    so. `unit` and the level `full` with its band are the panel's. NaN is not drawn.
    """
    names = [str(name) for name in points["name"].unique()]
    colours = dict(zip(names, cycle(COLOURS)))
    panels: list[alt.LayerChart] = []
    for panel, rows in points.groupby("panel", sort=False):
        title = alt.TitleParams(text=str(panel), fontSize=14, offset=8)
        panels.append(_panel(rows, colours).properties(title=title, width=WIDTH, height=HEIGHT))
    return alt.concat(*panels, columns=ACROSS, spacing=24)


def _panel(rows: pd.DataFrame, colours: Mapping[str, str]) -> alt.LayerChart:
    unit = str(rows["unit"].iloc[0])
    level = rows[["full", "full_low", "full_high"]].head(1)
    percents = [float(percent) for percent in sorted(rows["percent"].unique())]

    def y(column: str) -> alt.Y:
        # Labels that stay within the axis leave the titles of neighbouring panels on one line.
        axis = alt.Axis(labelFlush=True, tickCount=4)
        return alt.Y(f"{column}:Q", title=unit, axis=axis, scale=alt.Scale(zero=False))

    x = alt.X(
        "percent:Q",
        title="pruned (%)",
        axis=alt.Axis(values=percents, format=".4~r", grid=False, labelOverlap="greedy"),
        scale=alt.Scale(domain=[percents[0], percents[-1]], nice=False, padding=6),
    )
    colour = alt.Color(
        "name:N",
        legend=alt.Legend(title=None, symbolType="stroke", symbolOpacity=1, symbolStrokeWidth=2),
        scale=alt.Scale(domain=list(colours), range=list(colours.values())),
    )
    layers = [
        alt.Chart(level.dropna())
        .mark_rect(color=GREY, opacity=0.2)
        .encode(y=y("full_low"), y2="full_high:Q"),
        alt.Chart(level.dropna(subset="full"))
        .mark_rule(color=GREY, strokeDash=[5, 3], strokeWidth=1.5)
        .encode(y=y("full")),
        alt.Chart(rows.dropna(subset=["low", "high"]))
        .mark_area(opacity=0.2)
        .encode(x=x, y=y("low"), y2="high:Q", color=colour),
        alt.Chart(rows).mark_line(strokeWidth=2).encode(x=x, y=y("value"), color=colour),
        alt.Chart(rows[rows["dot"]])
        .mark_point(filled=True, size=45, opacity=1)
        .encode(x=x, y=y("value"), color=colour),
    ]
    return alt.LayerChart(layer=layers)
