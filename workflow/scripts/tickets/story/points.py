"""Points with their bars: networks at the winning sparsity, and sources by their examples."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle

import altair as alt
import pandas as pd

from tickets.figures.labels import words
from tickets.story.figure import BLUE, COLOURS, GREY, ORANGE, Figure, panel, tooltips, with_seeds
from tickets.tables.winning_tickets import MEANING
from tickets.terminal import metric_label

ROW = 22
"""Height of a network, in points."""

GROUPS = {"full model": GREY, "ticket": BLUE, "what it is compared with": ORANGE}
"""Colours of networks at the winning sparsity."""


def winning(table: pd.DataFrame, seeds: Sequence[int]) -> Figure:
    """Each task's networks at its winning sparsity by the paper's rule, a panel a task.

    `table` is winning_tickets.csv. Bars are one standard deviation to either side.
    """
    full, ticket, rest = GROUPS
    group = {"full": full, "imp": ticket}
    at = table[table["criterion"] == "within_std"]
    rows = with_seeds(at, seeds).assign(
        kind=[group.get(network, rest) for network in at["network"]],
        label=[words(network.removeprefix("imp_")) for network in at["network"]],
        meaning=at["network"].map(MEANING),
        percent=100 * at["sparsity"],
        bottom=at["mean"] - at["std"],
        top=at["mean"] + at["std"],
    )
    panels = [
        panel(f"{task}, {cells['percent'].iloc[0]:g} % pruned", _networks(cells), ROW * len(cells))
        for task, cells in rows.groupby("task", sort=False)
    ]
    return Figure(name="winning", panels=panels, legend=list(GROUPS.items()))


def transferability(table: pd.DataFrame, seeds: Sequence[int]) -> Figure:
    """Mean transfer of a source's mask by the examples it was found on.

    `table` is transferability.csv. Bars are 95 % intervals; a line joins a task and its parts.
    """
    whole = table["subset_of"].isna() | (table["subset_of"] == "")
    rows = with_seeds(table, seeds).assign(family=table["subset_of"].mask(whole, table["source"]))
    families = list(rows["family"].unique())
    x = alt.X(
        "train_examples:Q",
        title="training examples of the source",
        axis=alt.Axis(grid=False, format="~s", tickCount=5, labelOverlap="greedy"),
        scale=alt.Scale(type="log", nice=False, padding=40),
    )
    colour = alt.Color(
        "family:N",
        legend=None,
        scale=alt.Scale(domain=families, range=[c for _, c in zip(families, cycle(COLOURS))]),
    )

    def y(column: str) -> alt.Y:
        return alt.Y(f"{column}:Q", title="difference from the full model (points)")

    told = tooltips(
        [
            alt.Tooltip("source:N", title="mask of"),
            alt.Tooltip("train_examples:Q", title="training examples", format=","),
            alt.Tooltip("targets:Q", title="other tasks"),
        ],
        [
            alt.Tooltip("low:Q", title="95 % interval from", format="+.2f"),
            alt.Tooltip("high:Q", title="to", format="+.2f"),
        ],
    )
    base = alt.Chart(rows).encode(x=x, color=colour)
    zero = alt.Chart(pd.DataFrame({"full": [0.0]})).mark_rule(
        color=GREY, strokeDash=[5, 3], strokeWidth=1.5
    )
    chart = alt.LayerChart(
        layer=[
            zero.encode(y=y("full")),
            base.mark_line(strokeWidth=1.5, opacity=0.6).encode(y=y("mean")),
            base.mark_rule(strokeWidth=1.5).encode(y=y("low"), y2="high:Q"),
            base.mark_point(filled=True, size=90, opacity=1).encode(y=y("mean"), tooltip=told),
            alt.Chart(rows)
            .mark_text(style="small", align="left", dx=8, dy=-8)
            .encode(x=x, y=y("mean"), text="source:N"),
        ]
    )
    return Figure(name="transferability", panels=[panel("", chart, 340)])


def _networks(cells: pd.DataFrame) -> alt.LayerChart:
    names = list(cells["label"])
    base = alt.Chart(cells).encode(
        y=alt.Y(
            "label:N",
            sort=names,
            title=None,
            axis=alt.Axis(ticks=False, domain=False, labelPadding=8, labelLimit=220, grid=True),
        ),
        color=alt.Color(
            "kind:N",
            legend=None,
            scale=alt.Scale(domain=list(GROUPS), range=list(GROUPS.values())),
        ),
    )
    metric = f"{metric_label(cells['metric'].iloc[0]).strip()} (%)"

    def x(column: str) -> alt.X:
        axis = alt.Axis(tickCount=5, grid=False, labelOverlap="greedy")
        return alt.X(f"{column}:Q", title=metric, axis=axis, scale=alt.Scale(zero=False))

    told = tooltips(
        [
            alt.Tooltip("task:N"),
            alt.Tooltip("network:N"),
            alt.Tooltip("meaning:N", title="which is"),
            alt.Tooltip("percent:Q", title="pruned (%)", format=".4~r"),
            alt.Tooltip("metric:N"),
        ],
        [
            alt.Tooltip("delta_full:Q", title="difference from the full model", format="+.2f"),
            alt.Tooltip("wins:N", title="winning ticket"),
        ],
    )
    level = alt.Chart(cells[cells["network"] == "full"])
    bars = [
        level.mark_rect(color=GREY, opacity=0.18).encode(x=x("bottom"), x2="top:Q"),
        base.mark_rule(strokeWidth=1.5).encode(x=x("bottom"), x2="top:Q"),
    ]
    dots = {True: ("datum.wins", 80), False: ("!datum.wins", 50)}
    layers = [
        # Without any, Vega-Lite would complain of it to the console.
        *(bars if cells["bottom"].notna().any() else []),
        level.mark_rule(color=GREY, strokeDash=[5, 3], strokeWidth=1.5).encode(x=x("mean")),
        *(
            base.transform_filter(which)
            .mark_point(filled=wins, size=size, strokeWidth=1.5, opacity=1)
            .encode(x=x("mean"))
            for wins, (which, size) in dots.items()
            if (cells["wins"] == wins).any()
        ),
        base.mark_point(filled=True, size=350, opacity=0).encode(x=x("mean"), tooltip=told),
    ]
    return alt.LayerChart(layer=layers)
