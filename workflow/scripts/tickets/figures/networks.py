"""Networks at the winning sparsity: points with bars, and the full model's level."""

from __future__ import annotations

import altair as alt
import pandas as pd

from tickets.figures.charts import (
    BLUE,
    GREY,
    ORANGE,
    PRINT,
    Theme,
    add_heading,
    add_tooltips,
    colour_by,
    mark_level,
)
from tickets.figures.labels import percent_label, to_words
from tickets.methods import CRITERIA
from tickets.terminal import seeds

WIDTH, ROW, ACROSS = 200, 22, 3
"""Width of a panel and height of a network, in points; the number of panels in a row."""

KIND_COLOURS = {"full model": GREY, "ticket": BLUE, "compared with it": ORANGE}


def winning_tickets(table: pd.DataFrame, theme: Theme = PRINT) -> alt.ConcatChart:
    """Each task's networks at its winning sparsity by the paper's rule, one panel per task.

    `table` is winning_tickets.csv; tooltips need a column `meaning`, which explains each network.
    Bars are one standard deviation to either side.
    """
    full, ticket, other = KIND_COLOURS
    kinds = {"full": full, "imp": ticket}
    networks = table[table["criterion"] == "within_std"]
    rows = networks.assign(
        kind=[kinds.get(network, other) for network in networks["network"]],
        label=[to_words(network.removeprefix("imp_")) for network in networks["network"]],
        percent=100 * networks["sparsity"],
        bottom=networks["mean"] - networks["std"],
        top=networks["mean"] + networks["std"],
    )
    panels = [
        _panel(cells, theme).properties(
            title=f"{task}, {cells['percent'].iloc[0]:.4g} % pruned",
            width=WIDTH,
            height=ROW * len(cells),
        )
        for task, cells in rows.groupby("task", sort=False)
    ]
    return add_heading(
        alt.concat(*panels, columns=ACROSS, spacing=24),
        theme,
        "Networks at each task's highest winning sparsity",
        [
            f"Mean over {seeds(networks['n'])}; bars and band: one standard deviation. "
            "Dashed: full model.",
            f"Filled points: {CRITERIA['within_std']}.",
        ],
        legend=KIND_COLOURS,
    )


def _panel(cells: pd.DataFrame, theme: Theme) -> alt.LayerChart:
    title = percent_label(cells["metric"].iloc[0])

    def x(column: str) -> alt.X:
        axis = alt.Axis(tickCount=5, grid=False, labelOverlap="greedy")
        return alt.X(f"{column}:Q", title=title, axis=axis, scale=alt.Scale(zero=False))

    axis = alt.Axis(ticks=False, domain=False, labelPadding=8, labelLimit=220, grid=True)
    base = alt.Chart(cells).encode(
        y=alt.Y("label:N", sort=list(cells["label"]), title=None, axis=axis),
        color=colour_by("kind", KIND_COLOURS, theme.legend(symbolType="circle")),
    )
    points = base.encode(x=x("mean"))
    level = alt.Chart(cells[cells["network"] == "full"])
    bars = [
        level.mark_rect(color=GREY, opacity=0.2).encode(x=x("bottom"), x2="top:Q"),
        base.mark_rule(strokeWidth=1.5).encode(x=x("bottom"), x2="top:Q"),
    ]
    target = points.mark_point(filled=True, size=350)  # a finger's size
    layers = [
        # Vega-Lite warns on the page's console of layers without rows.
        *(bars if cells["bottom"].notna().any() else []),
        mark_level(level).encode(x=x("mean")),
        *(
            points.transform_filter(f"{'' if wins else '!'}datum.wins").mark_point(
                filled=wins, size=80 if wins else 50, strokeWidth=1.5, opacity=1
            )
            for wins in sorted(set(cells["wins"]))
        ),
        *add_tooltips(target, theme, "task network meaning percent metric delta_full wins"),
    ]
    return alt.LayerChart(layer=layers)
