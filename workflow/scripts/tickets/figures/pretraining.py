"""The curve of a pre-training: loss and accuracy on held-out text by step."""

from __future__ import annotations

from collections.abc import Mapping

import altair as alt
import pandas as pd

from tickets.figures.charts import PRINT, Theme, add_heading, colour_by, colour_lines, point_at

WIDTH, HEIGHT = 380, 200
"""Size of a panel in points."""

OBJECTIVES = {"masked words": "mlm", "next sentence": "next_sentence"}
"""What is learned, with the beginning of its columns."""

PANELS = {"loss": "loss (nats)", "accuracy": "accuracy (%)"}


def pretraining(validation: pd.DataFrame, theme: Theme = PRINT) -> alt.ConcatChart:
    """Loss and accuracy of each objective, one panel for each of the two.

    `validation` is a pre-training's validation.csv; an objective that it did not have is empty.
    """
    points = pd.concat(
        pd.DataFrame({"step": validation["step"], "line": line})
        .assign(**{panel: validation[f"{objective}_{panel}"] for panel in PANELS})
        .dropna()
        for line, objective in OBJECTIVES.items()
    )
    colours = colour_lines([str(line) for line in points["line"].unique()])
    panels = [
        _panel(points, theme, colours, panel).properties(title=title, width=WIDTH, height=HEIGHT)
        for panel, title in PANELS.items()
    ]
    return add_heading(
        alt.concat(*panels, columns=len(panels), spacing=24),
        theme,
        "Pre-training of theta_0, by step",
        ["On held-out text; a point each time that it was evaluated."],
        legend=colours,
    )


def _panel(
    points: pd.DataFrame, theme: Theme, colours: Mapping[str, str], panel: str
) -> alt.LayerChart:
    line = alt.Chart(points).encode(
        x=alt.X("step:Q", axis=alt.Axis(format=",", grid=False)),
        y=alt.Y(f"{panel}:Q", title=None, scale=alt.Scale(zero=False)),
        color=colour_by("line", colours, theme.legend()),
    )
    target = line.mark_point(filled=True, size=350)  # a finger's size
    tooltips = [
        alt.Tooltip("line:N", title="learned"),
        alt.Tooltip("step:Q", format=","),
        alt.Tooltip(f"{panel}:Q", title=PANELS[panel], format=".2f"),
    ]
    lines = [line.mark_line(strokeWidth=2), line.mark_circle(size=14, opacity=1)]
    return alt.LayerChart(layer=[*lines, *point_at(target, theme, tooltips)])
