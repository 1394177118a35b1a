"""Charts taken apart for a page, which lays out headings, legends and panels at any width."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt


@dataclass(frozen=True, kw_only=True)
class Panel:
    """A Vega-Lite specification that is as wide as its place on the page."""

    title: str
    spec: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A chart's heading, the lines that say how to read it, and its panels in reading order.

    legend: the colour of each name that the panels share; columns: how many squares stand in a row,
    which need a width of their own, or 0.
    """

    title: str
    reading: Sequence[str]
    legend: Mapping[str, str]
    columns: int
    panels: Sequence[Panel]


def take_apart(chart: alt.LayerChart | alt.ConcatChart) -> Figure:
    """A chart of the theme `PAGE` as a figure of the page."""
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
    """The data of a panel, which Altair lifts to the chart where it has no other panel."""
    return chart.data if part.data is alt.Undefined else part.data


def _panel(chart: Any, title: Any, data: Any) -> Panel:
    fit = alt.AutoSizeParams(type="fit-x", contains="padding")
    with alt.data_transformers.disable_max_rows():
        spec = chart.properties(width="container", autosize=fit, data=data).to_dict()
    # The page has one configuration for all its charts, and headings of its own.
    for name in ("config", "title", "usermeta"):
        spec.pop(name, None)
    return Panel(title=getattr(title, "text", title), spec=spec)
