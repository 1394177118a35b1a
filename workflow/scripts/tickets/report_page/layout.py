"""Charts split into headings, legends and panels, which the page lays out at any width."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt


@dataclass(frozen=True, kw_only=True)
class Panel:
    """A Vega-Lite specification whose width is that of its element on the page."""

    title: str
    spec: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A chart's heading, the lines that explain how to read it, and its panels in order.

    legend: names with their colours, shared by the panels. columns: the number of squares in a row,
    which sets a least width, or 0.
    """

    title: str
    reading: Sequence[str]
    legend: Mapping[str, str]
    columns: int
    panels: Sequence[Panel]


def split_chart(chart: alt.LayerChart | alt.ConcatChart) -> Figure:
    """Split a chart of the theme `PAGE` into a figure of the page."""
    heading: Any = chart.title
    notes: Any = chart.usermeta
    if isinstance(chart, alt.LayerChart):
        panels = [_panel(chart, "", chart.data)]
    else:
        panels = [_panel(part, part.title, _data(chart, part)) for part in chart.concat]
    return Figure(
        title=heading.text,
        reading=heading.subtitle,
        legend=notes["legend"],
        columns=notes["columns"],
        panels=panels,
    )


def _data(chart: alt.ConcatChart, part: Any) -> Any:
    """The data of a panel; of a single panel, Altair moves them to the chart."""
    return chart.data if part.data is alt.Undefined else part.data


def _panel(chart: Any, title: Any, data: Any) -> Panel:
    fit = alt.AutoSizeParams(type="fit-x", contains="padding")
    with alt.data_transformers.disable_max_rows():
        spec = chart.properties(width="container", autosize=fit, data=data).to_dict()
    # The page has one configuration for all charts, and its own headings.
    for name in ("config", "title", "usermeta"):
        spec.pop(name, None)
    return Panel(title=getattr(title, "text", title), spec=spec)
