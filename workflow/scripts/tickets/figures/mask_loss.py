"""A scatter of masks: the loss of pre-training under each, and its score after fine-tuning."""

from __future__ import annotations

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
from tickets.figures.labels import source_label
from tickets.finder import label_of
from tickets.methods import rank_correlation
from tickets.terminal import percent

WIDTH, HEIGHT = 640, 400
"""Size of the figure in points."""


def mask_loss(table: pd.DataFrame, theme: Theme = PRINT) -> alt.LayerChart:
    """Each mask's mean score on the downstream tasks, by theta_0's MLM loss under it.

    `table` is mask_loss.csv. Dashed lines are those of the full model.
    """
    is_full = table["finder"] == "dense"
    points = table.assign(
        line=table["finder"].map(label_of).mask(is_full, "full model"),
        mask=[
            source_label(finder, task)
            for finder, task in zip(table["finder"], table["source"], strict=True)
        ],
    )
    names = list(points.loc[~is_full, "line"].unique())
    colours = {"full model": GREY, **colour_lines(names)}
    scale = alt.Scale(zero=False, padding=12)
    x = alt.X("loss:Q", title="MLM loss before training (nats a word)", scale=scale)
    y = alt.Y("mean:Q", title="mean score on the downstream tasks (%)", scale=scale)
    base = alt.Chart(points).encode(
        x=x,
        y=y,
        color=colour_by("line", colours, theme.legend()),
    )
    full = alt.Chart(points[is_full])
    layers = [
        mark_level(full).encode(x=x),
        mark_level(full).encode(y=y),
        base.mark_point(filled=True, size=80, opacity=1),
        *add_tooltips(
            base.mark_point(filled=True, size=350),  # a finger's size
            theme,
            "mask mask_seed loss targets delta_full",
        ),
    ]
    pruned = table[~is_full]
    agreement = rank_correlation(pruned) or "none"
    return add_heading(
        alt.LayerChart(layer=layers, width=WIDTH, height=HEIGHT),
        theme,
        "Masks by the loss of pre-training that they leave, and by how well they transfer",
        [
            f"A point a mask, at {percent(table['sparsity'].max())} sparsity; dashed: the full "
            "model. Score: mean over downstream tasks, a mask's own too.",
            f"Spearman's rank correlation of loss and score over {len(pruned)} masks: {agreement}.",
        ],
        legend=colours,
    )
