"""Heat maps: the transfer matrix (Figure 2), overlaps of masks, and sparsities of layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import altair as alt
import pandas as pd

from tickets.figures.charts import INK, PRINT, Theme, add_heading, add_tooltips
from tickets.figures.labels import (
    enclosing_tenths,
    format_difference,
    format_fraction,
    source_label,
    to_words,
)
from tickets.methods import CRITERIA, WITHOUT_TASK, is_ticket
from tickets.prunable import KINDS
from tickets.terminal import metric_label, percent, score, seeds

ROW, COLUMN, CHARACTER = 42, 118, 8.5
"""Size of the transfer matrix' squares and width of a label's character, in points."""

SMALL_ROW, SMALL_COLUMN, ACROSS = 23, 38, 4
"""Size of a matrix' square in points, and the number of masks in a row."""

STAR = (
    "M0,-1L0.2245,-0.309L0.9511,-0.309L0.3633,0.118L0.5878,0.809"
    "L0,0.382L-0.5878,0.809L-0.3633,0.118L-0.9511,-0.309L-0.2245,-0.309Z"
)
"""The outline of a star with five points; some fonts lack one."""


def transfer(table: pd.DataFrame, theme: Theme = PRINT) -> alt.LayerChart:
    """TRANSFER(S, T) - full(T): sources down, targets across, in the order of the table.

    `table` is transfer.csv. Losses are warm, gains blue, zero is pale. The scale ends at the
    largest difference among all but the random masks, whose colour would wash the others out.
    """
    rows = table.assign(
        column=table["target"] if theme.tooltips else _headings(table),
        label=table["delta_full"].map(format_difference),
        own=table["source"] == table["target"],
        ticket=is_ticket(table),
        as_good=table["matches_same_task"] & (table["source"] != table["target"]),
    )
    sources, columns = list(rows["source"].unique()), list(rows["column"].unique())
    end = max(1.0, float(table.loc[table["source"] != "random", "delta_full"].abs().max()))
    base = _squares(rows, "column", columns, "source", sources)
    title = ["difference from the", "full model's mean", "(percentage points)"]
    chart = alt.LayerChart(
        layer=[
            *_numbers(base, "delta_full", _colour("delta_full", title, "diverging", (-end, end))),
            _mark(base, "ticket", shape=STAR, size=110, yOffset=-0.22 * ROW),
            _mark(base, "as_good", shape="circle", size=30, yOffset=0.22 * ROW),
            _frame(base),
            *_divide(sources),
            *add_tooltips(
                base.mark_rect(),
                theme,
                "source target metric full_mean full_std delta_full low high matches_full",
            ),
        ],
        width=alt.Step(max(COLUMN, CHARACTER * max(map(_width, columns)))),
        height=ROW * len(sources),
    )
    heads = "" if theme.tooltips else " Under each task: its metric, its full model's score (%)."
    return add_heading(
        chart,
        theme,
        "Masks found on one task (rows), fine-tuned on another (columns), "
        f"{percent(table['sparsity'].iloc[0])} pruned",
        [
            f"Mean over {seeds(table['n'])}.{heads} Frame: the task's own mask.",
            f"Star: winning ticket, {CRITERIA['within_std']}.",
            "Dot: at least the mean of the target's own mask.",
        ],
        columns=len(columns),
    )


def mask_overlap(table: pd.DataFrame, theme: Theme = PRINT) -> alt.LayerChart:
    """Overlap beyond chance of whole masks: sources down and across, in the order of the table.

    `table` is mask_overlap.csv. The scale leaves out the random masks, which overlap with none and
    have the colour of its lower end.
    """
    whole = table[(table["scope"] == "all") & table["beyond_chance"].notna()]
    pairs = whole.assign(
        one=_sources(whole["finder_a"], whole["source_a"]),
        other=_sources(whole["finder_b"], whole["source_b"]),
        label=whole["beyond_chance"].map(format_fraction),
        own=whole["comparison"] == "seeds",
    )
    mirrored = pairs[~pairs["own"]].rename(columns={"one": "other", "other": "one"})
    names = list(dict.fromkeys([*pairs["one"], *pairs["other"]]))
    is_random = (whole["finder_a"] == "random") | (whole["finder_b"] == "random")
    trained = whole.loc[~is_random, "beyond_chance"]
    ends = enclosing_tenths(trained if len(trained) else whole["beyond_chance"])
    base = _squares(pd.concat([pairs, mirrored]), "other", names, "one", names)
    title = ["overlap", "beyond chance"]
    colour = _colour("beyond_chance", title, "heatmap", ends)
    columns = "one other comparison chance beyond_chance"
    chart = alt.LayerChart(
        layer=[
            *_numbers(base, "beyond_chance", colour),
            _frame(base),
            *add_tooltips(base.mark_rect(), theme, columns, mean="jaccard", digits=3),
        ],
        width=alt.Step(max(64, CHARACTER * max(map(len, names)))),
        height=ROW * len(names),
    )
    pruned = whole[["sparsity_a", "sparsity_b"]].to_numpy()
    sparsities = dict.fromkeys(f"{100 * end:g}" for end in (pruned.min(), pruned.max()))
    return add_heading(
        chart,
        theme,
        f"Overlap of masks beyond chance, {' to '.join(sparsities)} % pruned",
        [
            "Jaccard index of the kept weights: 0 as of independent masks, 1 as of equal ones.",
            "Mean over pairs of the same seed; frame: mean over pairs of one source's seeds.",
        ],
        columns=len(names),
    )


def layer_sparsity(table: pd.DataFrame, theme: Theme = PRINT) -> alt.ConcatChart:
    """The fraction pruned by layer (down) and kind of matrix (across), one panel per mask.

    `table` is layer_sparsity.csv.
    """
    cells = table.assign(
        mask=_sources(table["finder"], table["source"])
        + table["sparsity"].map(lambda sparsity: f", {sparsity:.2f}"),
        kind=table["matrix"].map(to_words),
        layer=table["layer"].astype(str),
        label=table["mean"].map(format_fraction),
    )
    present = set(cells["kind"])
    kinds = [kind for kind in map(to_words, KINDS) if kind in present]
    title = ["fraction", "pruned"]
    colour = _colour("mean", title, "heatmap", enclosing_tenths(table["mean"]))
    panels: list[alt.LayerChart] = []
    for name, rows in cells.groupby("mask", sort=False):
        base = _squares(rows, "kind", kinds, "layer", list(rows["layer"].unique()), "bottom")
        layers = [
            *_numbers(base, "mean", colour if theme.legends else colour.legend(None), "small"),
            *add_tooltips(base.mark_rect(), theme, "mask layer kind", digits=3),
        ]
        panel = alt.LayerChart(layer=layers, title=str(name), width=alt.Step(SMALL_COLUMN))
        panels.append(panel.properties(height=SMALL_ROW * rows["layer"].nunique()))
    return add_heading(
        alt.concat(*panels, columns=ACROSS, spacing=24),
        theme,
        "Fraction pruned of each matrix, by layer and kind",
        [f"Mean over {seeds(table['n'])}; beside each source the fraction pruned of the whole."],
    )


def _sources(finders: pd.Series[str], tasks: pd.Series[str]) -> pd.Series[str]:
    labels = [source_label(*mask) for mask in zip(finders, tasks, strict=True)]
    return pd.Series(labels, index=finders.index)


def _headings(table: pd.DataFrame) -> list[str]:
    """Each target with its metric and its full model's score; `|` separates the lines."""
    return [
        f"{target}|{metric_label(metric).strip()}|{score(mean, std).strip()}"
        for target, metric, mean, std in zip(
            table["target"], table["metric"], table["full_mean"], table["full_std"], strict=True
        )
    ]


def _width(heading: str) -> int:
    return max(map(len, heading.split("|")))


def _squares(
    rows: pd.DataFrame,
    across: str,
    columns: Sequence[str],
    down: str,
    lines: Sequence[str],
    labels: Literal["top", "bottom"] = "top",
) -> alt.Chart:
    """A square for each row: `columns` and `lines` in their order, with labels at one end."""
    bare: dict[str, Any] = {"domain": False, "ticks": False, "grid": False}
    padding = 8 + 17 * max(heading.count("|") for heading in columns)  # lines grow downwards
    split = "split(datum.label, '|')"
    return alt.Chart(rows).encode(
        x=alt.X(
            f"{across}:N",
            sort=list(columns),
            title=None,
            axis=alt.Axis(orient=labels, labelExpr=split, labelPadding=padding, **bare),
            scale=alt.Scale(paddingInner=0.04, paddingOuter=0),
        ),
        y=alt.Y(
            f"{down}:N",
            sort=list(lines),
            title=None,
            axis=alt.Axis(labelPadding=8, **bare),
            scale=alt.Scale(paddingInner=0.08, paddingOuter=0),
        ),
    )


def _colour(
    value: str,
    title: Sequence[str],
    colours: Literal["diverging", "heatmap"],
    ends: tuple[float, float],
) -> alt.Color:
    """A scale of one of the theme's ranges; beyond its ends, values have the ends' colours."""
    scale = alt.Scale(range=colours, domain=list(ends), clamp=True, interpolate="lab")
    return alt.Color(f"{value}:Q", title=list(title), scale=scale)


def _numbers(
    base: alt.Chart, value: str, colour: alt.Color, style: str = "number"
) -> list[alt.Chart]:
    """Squares coloured by their `value`, and their labels."""
    return [
        base.mark_rect(cornerRadius=3).encode(color=colour),
        base.mark_text(style=style).encode(text="label:N", color=_ink(value)),
    ]


def _ink(value: str) -> Any:
    """A text colour that is legible on the colour of `value`: dark on light, white on dark."""
    light = f"luminance(scale('color', datum.{value})) > 0.25"
    return alt.when(light).then(alt.value(INK)).otherwise(alt.value("white"))


def _mark(base: alt.Chart, where: str, **shape: Any) -> alt.Chart:
    """A mark at the right edge of the squares whose column `where` is true."""
    marks = base.transform_filter(f"datum.{where}")
    edge = alt.ExprRef("bandwidth('x') / 2 - 10")
    return marks.mark_point(filled=True, opacity=1, xOffset=edge, **shape).encode(
        color=_ink("delta_full")
    )


def _frame(base: alt.Chart) -> alt.Chart:
    """Frames around the squares of a task's own masks."""
    frames = base.transform_filter("datum.own")
    return frames.mark_rect(fill="none", strokeWidth=2, cornerRadius=3, style="frame")


def _divide(sources: Sequence[str]) -> list[alt.Chart]:
    """A line above the first source that belongs to no task; empty without one."""
    first = [source for source in sources if source in WITHOUT_TASK][:1]
    y = alt.Y("source:N", sort=list(sources), title=None)
    above = alt.ExprRef("-bandwidth('y') / 2 - 2")
    rows = alt.Chart(pd.DataFrame({"source": first}))
    return [rows.mark_rule(style="frame", yOffset=above).encode(y=y)] if first else []
