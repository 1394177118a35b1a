"""Heat maps of the page: transferred masks, overlapping masks, pruned matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import altair as alt
import pandas as pd

from tickets.figures.labels import minus, signed, source, tenths, words
from tickets.prunable import KINDS
from tickets.story.figure import STAR, Figure, panel, tooltips, with_seeds

AS_GOOD = "\N{BULLET}"
"""Marks a mask that does at least as well as the target's own."""

TALL, LOW = 38, 24
"""Heights of a row of squares, in points."""


def transfer(table: pd.DataFrame, seeds: Sequence[int]) -> Figure:
    """TRANSFER(S, T) - full(T), sources down and targets across; `table` is transfer.csv.

    The scale ends at the largest difference among the masks that were found: random ones, far
    worse, get the end's colour.
    """
    found = table.loc[table["source"] != "random", "delta_full"].abs()
    end = max(1.0, float(found.max()))
    marks = [
        f" {STAR}" if wins else f" {AS_GOOD}" if as_good and one != other else ""
        for one, other, wins, as_good in zip(
            table["source"],
            table["target"],
            table["matches_full"],
            table["matches_same_task"],
            strict=True,
        )
    ]
    rows = with_seeds(table, seeds).assign(
        shown=[
            signed(delta) + mark for delta, mark in zip(table["delta_full"], marks, strict=True)
        ],
        own=table["source"] == table["target"],
    )
    sources, targets = list(rows["source"].unique()), list(rows["target"].unique())
    base = _squares(rows, "target", targets, "source", sources)
    told = tooltips(
        [
            alt.Tooltip("source:N", title="mask of"),
            alt.Tooltip("target:N", title="trained on"),
            alt.Tooltip("metric:N"),
        ],
        [
            alt.Tooltip("full_mean:Q", title="full model, mean", format=".2f"),
            alt.Tooltip("full_std:Q", title="full model, standard deviation", format=".2f"),
            alt.Tooltip("delta_full:Q", title="difference", format="+.2f"),
            alt.Tooltip("low:Q", title="95 % interval from", format="+.2f"),
            alt.Tooltip("high:Q", title="to", format="+.2f"),
            alt.Tooltip("matches_full:N", title="winning ticket"),
        ],
    )
    colour = alt.Color(
        "delta_full:Q",
        title="difference from the full model (points)",
        scale=alt.Scale(
            domain=[-end, end], domainMid=0, range="diverging", interpolate="lab", clamp=True
        ),
        legend=_below(),
    )
    squares = base.mark_rect(cornerRadius=3).encode(color=colour)
    frames = base.transform_filter("datum.own").mark_rect(
        filled=False, strokeWidth=2, cornerRadius=3, style="frame"
    )
    # Elsewhere the page's own colour of text holds, which is white on a dark page.
    pale = alt.when(f"abs(datum.delta_full) > {0.55 * end}").then(alt.value("white"))
    numbers = base.mark_text(style="number").encode(text="shown:N", color=pale)
    chart = alt.LayerChart(layer=[squares, frames, numbers, _pointed(base, told)])
    return Figure(
        name="transfer", panels=[panel("", chart, TALL * len(sources), cells=len(targets))]
    )


def overlap(table: pd.DataFrame, seeds: Sequence[int]) -> Figure:
    """Overlap beyond chance of whole masks, each pair in both squares; `table` is mask_overlap.csv.

    The scale is that of the masks that were found: random ones, which overlap with none, get its
    lower end's colour.
    """
    whole = table[(table["scope"] == "all") & table["beyond_chance"].notna()]
    cells = with_seeds(whole, seeds).assign(
        one=[source(*names) for names in zip(whole["finder_a"], whole["source_a"], strict=True)],
        other=[source(*names) for names in zip(whole["finder_b"], whole["source_b"], strict=True)],
        shown=[minus(f"{round(beyond, 2) + 0.0:.2f}") for beyond in whole["beyond_chance"]],
        own=whole["comparison"] == "seeds",
    )
    mirrored = cells[~cells["own"]].rename(columns={"one": "other", "other": "one"})
    names = list(dict.fromkeys([*cells["one"], *cells["other"]]))
    by_chance = (whole["finder_a"] == "random") | (whole["finder_b"] == "random")
    found = whole.loc[~by_chance, "beyond_chance"]
    ends = tenths(found if len(found) else whole["beyond_chance"])
    base = _squares(pd.concat([cells, mirrored]), "other", names, "one", names)
    told = tooltips(
        [
            alt.Tooltip("one:N", title="mask of"),
            alt.Tooltip("other:N", title="and of"),
            alt.Tooltip("comparison:N", title="pairs of"),
        ],
        [
            alt.Tooltip("chance:Q", title="expected by chance", format=".3f"),
            alt.Tooltip("beyond_chance:Q", title="beyond chance", format=".3f"),
        ],
        mean="jaccard",
        digits=3,
    )
    chart = _viridis(base, "beyond_chance", "overlap beyond chance", ends, told, "number")
    frames = base.transform_filter("datum.own").mark_rect(
        filled=False, strokeWidth=2, cornerRadius=3, style="frame"
    )
    layered = alt.LayerChart(layer=[*chart, frames])
    return Figure(name="overlap", panels=[panel("", layered, TALL * len(names), cells=len(names))])


def layers(table: pd.DataFrame, seeds: Sequence[int]) -> Figure:
    """The fraction pruned by layer and kind of matrix, a panel a mask.

    `table` is layer_sparsity.csv.
    """
    ends = tenths(table["mean"])
    cells = with_seeds(table, seeds).assign(
        of=[source(*names) for names in zip(table["finder"], table["source"], strict=True)],
        kind=table["matrix"].map(words),
        layer=table["layer"].astype(str),
    )
    kinds = [words(kind) for kind in KINDS if words(kind) in set(cells["kind"])]
    panels = [
        panel(
            str(name),
            alt.LayerChart(
                layer=_viridis(
                    _squares(rows, "kind", kinds, "layer", list(rows["layer"].unique()), "bottom"),
                    "mean",
                    "fraction pruned",
                    ends,
                    tooltips(
                        [
                            alt.Tooltip("of:N", title="mask of"),
                            alt.Tooltip("layer:N"),
                            alt.Tooltip("kind:N", title="matrix"),
                        ],
                        digits=3,
                    ),
                    "small",
                )
            ),
            LOW * rows["layer"].nunique(),
        )
        for name, rows in cells.groupby("of", sort=False)
    ]
    return Figure(name="layers", panels=panels)


def _squares(
    rows: pd.DataFrame,
    across: str,
    columns: Sequence[str],
    down: str,
    lines: Sequence[str],
    labels: Literal["top", "bottom"] = "top",
) -> alt.Chart:
    """One place a row, `columns` and `lines` in their order."""
    return alt.Chart(rows).encode(
        x=alt.X(
            f"{across}:N",
            sort=list(columns),
            title=None,
            axis=alt.Axis(orient=labels, domain=False, ticks=False, grid=False),
            scale=alt.Scale(paddingInner=0.04, paddingOuter=0),
        ),
        y=alt.Y(
            f"{down}:N",
            sort=list(lines),
            title=None,
            axis=alt.Axis(domain=False, ticks=False, grid=False, labelPadding=8),
            scale=alt.Scale(paddingInner=0.08, paddingOuter=0),
        ),
    )


def _viridis(
    base: alt.Chart,
    value: str,
    title: str,
    ends: tuple[float, float],
    told: list[alt.Tooltip],
    style: str,
) -> list[alt.Chart]:
    """Squares from blue (low) to yellow (high), with their numbers in what can be read on them."""
    low, high = ends
    colour = alt.Color(
        f"{value}:Q",
        title=title,
        scale=alt.Scale(scheme="viridis", domain=[low, high], clamp=True),
        legend=_below() if style == "number" else None,
    )
    dark = f"datum.{value} > {low + 0.6 * (high - low)}"
    ink = alt.condition(dark, alt.value("#111"), alt.value("white"))
    text = "shown:N" if style == "number" else alt.Text(f"{value}:Q", format=".2f")
    return [
        base.mark_rect(cornerRadius=3).encode(color=colour),
        base.mark_text(style=style).encode(text=text, color=ink),
        _pointed(base, told),
    ]


def _pointed(base: alt.Chart, told: list[alt.Tooltip]) -> alt.Chart:
    """Squares to point at, above the numbers, which would be in the way."""
    return base.mark_rect(opacity=0).encode(tooltip=told)


def _below() -> alt.Legend:
    return alt.Legend(orient="bottom", direction="horizontal", gradientLength=180)
