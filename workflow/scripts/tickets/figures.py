"""The transfer matrix as a heat map (Figure 2)."""

from __future__ import annotations

import io

import altair as alt
import pandas as pd

from tickets.terminal import metric_label, score, seeds
from tickets.transfer import UNIVERSAL

FONT = "Liberation Sans"
"""Comes with vl-convert: a figure looks the same on a machine without fonts."""

COLUMN, ROW, CHARACTER = 118, 48, 8
"""Size of a square and width of a label's character, in points."""

INK = "#1a1a1a"


def heat_map(table: pd.DataFrame) -> alt.FacetChart:
    """TRANSFER(S, T) - full(T): sources down, targets across, in the order of the table.

    Losses are red, gains blue, zero near white. The scale ends at the largest difference among the
    masks that were found, lest the random mask's wash them out: it gets the end's colour, and its
    number says how much.
    """
    cells = _cells(table)
    found = table.loc[table["source"] != "random", "delta_full"].abs()
    end = max(1.0, float(found.max()))
    longest = max(len(line) for label in cells["target"] for line in label.split("|"))
    base = alt.Chart().encode(
        x=alt.X("target:N", sort=list(cells["target"].unique()), title=None),
        y=alt.Y("source:N", sort=list(cells["source"].unique()), title=None),
    )
    squares = base.mark_rect(stroke="white", strokeWidth=2).encode(
        color=alt.Color(
            "delta:Q",
            title=["difference from the", "full model's mean", "(percentage points)"],
            scale=alt.Scale(scheme="redblue", domain=[-end, end], clamp=True),
        )
    )
    frames = base.transform_filter("datum.own").mark_rect(filled=False, stroke=INK, strokeWidth=2)
    rings = base.transform_filter("datum.winning").mark_point(
        shape="M-1,-0.45A0.45,0.45,0,0,0,-1,0.45L1,0.45A0.45,0.45,0,0,0,1,-0.45Z",
        size=2000,
        color=INK,
        strokeWidth=1.5,
        opacity=1,
    )
    numbers = base.mark_text(fontSize=15).encode(
        text="label:N",
        color=alt.condition(f"abs(datum.delta) > {end * 0.7}", alt.value("white"), alt.value(INK)),
    )
    return (
        alt.layer(squares, frames, rings, numbers, data=cells)
        .properties(width=alt.Step(max(COLUMN, longest * CHARACTER)), height=alt.Step(ROW))
        .facet(row=alt.Row("kind:N", sort=["task", "universal"], header=None), spacing=8)
        .resolve_scale(y="independent")
        .properties(title=_title(table))
        .configure(font=FONT, padding=16, background="white")
        .configure_view(stroke=None)
        .configure_axis(domain=False, ticks=False, labelFontSize=13, labelColor=INK)
        .configure_axisY(labelPadding=8)
        .configure_axisX(
            orient="top",
            labelAngle=0,
            labelExpr="split(datum.label, '|')",
            labelPadding=42,  # the last two of three lines grow down from the first
        )
        .configure_legend(
            titleFontSize=12, labelFontSize=12, titleFontWeight="normal", gradientLength=220
        )
    )


def svg(chart: alt.FacetChart) -> bytes:
    """The chart as SVG; needs no network and no browser."""
    image = io.StringIO()
    chart.save(image, format="svg")
    return image.getvalue().encode()


def png(chart: alt.FacetChart) -> bytes:
    """The chart as PNG, two pixels a point."""
    image = io.BytesIO()
    chart.save(image, format="png", scale_factor=2)
    return image.getvalue()


def _title(table: pd.DataFrame) -> alt.TitleParams:
    pruned = f"{100 * table['sparsity'].iloc[0]:g} % pruned"
    return alt.TitleParams(
        text=f"Masks found on one task (rows), fine-tuned on another (columns), {pruned}",
        subtitle=[
            f"Mean over {seeds(table['n'])}. Under each task: its metric, its full model's score "
            "(%). Frame: the task's own mask.",
            "Ring: winning ticket, at least the full model's mean less one standard deviation.",
        ],
        anchor="start",
        fontSize=17,
        subtitleFontSize=13,
        subtitleColor=INK,
        subtitleLineHeight=18,
        offset=20,
    )


def _cells(table: pd.DataFrame) -> pd.DataFrame:
    full = [
        f"{target}|{metric_label(metric).strip()}|{score(mean, std).strip()}"
        for target, metric, mean, std in zip(
            table["target"], table["metric"], table["full_mean"], table["full_std"], strict=True
        )
    ]
    return pd.DataFrame(
        {
            "source": table["source"],
            "target": full,
            "delta": table["delta_full"],
            "label": [_signed(delta) for delta in table["delta_full"]],
            "own": table["source"] == table["target"],
            "winning": table["matches_full"],
            "kind": table["source"].isin(UNIVERSAL).map({True: "universal", False: "task"}),
        }
    )


def _signed(delta: float) -> str:
    return f"{round(delta, 1) + 0.0:+.1f}".replace("-", "\N{MINUS SIGN}")
