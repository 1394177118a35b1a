"""Heat maps: the transfer matrix (Figure 2), which masks overlap, and where masks prune."""

from __future__ import annotations

import altair as alt
import pandas as pd

from tickets.figures.charts import INK, styled
from tickets.figures.labels import minus, signed, source, tenths, words
from tickets.methods import UNIVERSAL
from tickets.prunable import KINDS
from tickets.terminal import metric_label, score, seeds

COLUMN, ROW, CHARACTER = 118, 48, 8
"""Size of the transfer matrix's squares and width of a label's character, in points."""

ACROSS = 4
"""How many sources' layers stand side by side."""


def transfer(table: pd.DataFrame) -> alt.FacetChart:
    """TRANSFER(S, T) - full(T): sources down, targets across, in the order of the table.

    Losses are red, gains blue, zero near white. The scale ends at the largest difference among the
    masks that were found, lest the random mask's wash them out: it gets the end's colour, and its
    number says how much.
    """
    cells = _transferred(table)
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
    white = alt.condition(f"abs(datum.delta) > {end * 0.7}", alt.value("white"), alt.value(INK))
    dots = (
        base.transform_filter("datum.equal")
        .mark_point(filled=True, size=36, opacity=1, xOffset=0.4 * COLUMN, yOffset=-0.3 * ROW)
        .encode(color=white)
    )
    numbers = base.mark_text(fontSize=15).encode(text="label:N", color=white)
    squared = (
        alt.layer(squares, frames, rings, dots, numbers, data=cells)
        .properties(width=alt.Step(max(COLUMN, longest * CHARACTER)), height=alt.Step(ROW))
        .facet(row=alt.Row("kind:N", sort=["task", "universal"], header=None), spacing=8)
        .resolve_scale(y="independent")
    )
    chart = styled(
        squared,
        "Masks found on one task (rows), fine-tuned on another (columns), "
        f"{100 * table['sparsity'].iloc[0]:g} % pruned",
        [
            f"Mean over {seeds(table['n'])}. Under each task: its metric, its full model's score "
            "(%). Frame: the task's own mask.",
            "Ring: winning ticket, at least the full model's mean less one standard deviation.",
            "Dot: at least the mean of the target's own mask.",
        ],
    )
    return chart.configure_axisY(domain=False, ticks=False, labelPadding=8).configure_axisX(
        domain=False,
        ticks=False,
        orient="top",
        labelAngle=0,
        labelExpr="split(datum.label, '|')",
        labelPadding=42,  # the last two of three lines grow down from the first
    )


def overlap(table: pd.DataFrame) -> alt.LayerChart | alt.FacetChart:
    """Overlap beyond chance of whole masks: sources down and across, in the order of the table.

    The scale is that of the masks that were found: the random ones, which overlap with none, get
    its lower end's colour.
    """
    cells = _overlapping(table)
    names = list(dict.fromkeys([*cells["one"], *cells["other"]]))
    found = cells.loc[~cells["random"], "beyond"]
    low, high = tenths(found if len(found) else cells["beyond"])
    base = alt.Chart(cells).encode(
        x=alt.X("other:N", sort=names, title=None), y=alt.Y("one:N", sort=names, title=None)
    )
    squares = base.mark_rect(stroke="white", strokeWidth=2).encode(
        color=alt.Color(
            "beyond:Q",
            title=["overlap", "beyond chance"],
            scale=alt.Scale(scheme="blues", domain=[low, high], clamp=True),
        )
    )
    frames = base.transform_filter("datum.seeds").mark_rect(filled=False, stroke=INK, strokeWidth=2)
    numbers = base.mark_text(fontSize=14).encode(
        text="label:N",
        color=alt.condition(
            f"datum.beyond > {low + 0.6 * (high - low)}", alt.value("white"), alt.value(INK)
        ),
    )
    column = max(64, CHARACTER * max(map(len, names)))
    squared = alt.layer(squares, frames, numbers).properties(
        width=alt.Step(column), height=alt.Step(36)
    )
    chart = styled(
        squared,
        f"Overlap of masks beyond chance, {_share_pruned(table)} % pruned",
        [
            "Jaccard index of the kept weights: 0 as of independent masks, 1 as of equal ones.",
            "Mean over pairs of the same seed; frame: mean over pairs of one source's seeds.",
        ],
    )
    return chart.configure_axisY(domain=False, ticks=False, labelPadding=8).configure_axisX(
        domain=False, ticks=False, orient="top", labelAngle=0, labelPadding=8
    )


def layer_sparsity(table: pd.DataFrame) -> alt.FacetChart:
    """The fraction pruned by layer (down) and matrix kind (across), one facet a source."""
    cells = _pruned(table)
    low, high = tenths(cells["pruned"])
    base = alt.Chart().encode(
        x=alt.X("matrix:N", sort=[words(kind) for kind in KINDS], title=None),
        y=alt.Y("layer:N", sort=list(cells["layer"].unique()), title=None),
    )
    squares = base.mark_rect(stroke="white", strokeWidth=1).encode(
        color=alt.Color(
            "pruned:Q",
            title=["fraction", "pruned"],
            scale=alt.Scale(scheme="blues", domain=[low, high]),
        )
    )
    numbers = base.mark_text(fontSize=11).encode(
        text=alt.Text("pruned:Q", format=".2f"),
        color=alt.condition(
            f"datum.pruned > {low + 0.6 * (high - low)}", alt.value("white"), alt.value(INK)
        ),
    )
    sources = list(cells["source"].unique())
    faceted = (
        alt.layer(squares, numbers, data=cells)
        .properties(width=alt.Step(36), height=alt.Step(22))
        .facet(
            facet=alt.Facet(
                "source:N", sort=sources, title=None, header=alt.Header(labelFontSize=14)
            ),
            columns=ACROSS,
            spacing=24,
        )
        .resolve_axis(x="independent", y="independent")
    )
    chart = styled(
        faceted,
        "Fraction pruned of each matrix, by layer and kind",
        [f"Mean over {seeds(table['n'])}; beside each source the fraction pruned of the whole."],
    )
    return chart.configure_axisY(domain=False, ticks=False, labelPadding=8).configure_axisX(
        domain=False, ticks=False, labelAngle=-90, labelPadding=6
    )


def _share_pruned(table: pd.DataFrame) -> str:
    """How much the masks of an overlap table prune, in per cent: one number or two ends."""
    whole = table.loc[table["scope"] == "all", ["sparsity_a", "sparsity_b"]].to_numpy()
    ends = dict.fromkeys(f"{100 * end:g}" for end in (whole.min(), whole.max()))
    return " to ".join(ends)


def _transferred(table: pd.DataFrame) -> pd.DataFrame:
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
            "label": [signed(delta) for delta in table["delta_full"]],
            "own": table["source"] == table["target"],
            "winning": table["matches_full"],
            "equal": table["matches_same_task"] & (table["source"] != table["target"]),
            "kind": table["source"].isin(UNIVERSAL).map({True: "universal", False: "task"}),
        }
    )


def _overlapping(table: pd.DataFrame) -> pd.DataFrame:
    """Both squares of every two sources, and the one of every source with itself."""
    whole = table[(table["scope"] == "all") & table["beyond_chance"].notna()]
    one = [source(*names) for names in zip(whole["finder_a"], whole["source_a"], strict=True)]
    other = [source(*names) for names in zip(whole["finder_b"], whole["source_b"], strict=True)]
    cells = pd.DataFrame(
        {
            "one": one,
            "other": other,
            "beyond": whole["beyond_chance"],
            "label": [minus(f"{round(beyond, 2) + 0.0:.2f}") for beyond in whole["beyond_chance"]],
            "seeds": whole["comparison"] == "seeds",
            "random": (whole["finder_a"] == "random") | (whole["finder_b"] == "random"),
        }
    )
    mirrored = cells[~cells["seeds"]].rename(columns={"one": "other", "other": "one"})
    return pd.concat([cells, mirrored])


def _pruned(table: pd.DataFrame) -> pd.DataFrame:
    sources = [
        f"{source(finder, task)}, {sparsity:.2f}"
        for finder, task, sparsity in zip(
            table["finder"], table["source"], table["sparsity"], strict=True
        )
    ]
    return pd.DataFrame(
        {
            "source": sources,
            "layer": table["layer"],
            "matrix": table["matrix"].map(words),
            "pruned": table["mean"],
        }
    )
