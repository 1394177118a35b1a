"""What every figure of the page is made of: panels that fit any width, under one legend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import pandas as pd

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7", "#8A8A8A")
"""Those of Okabe and Ito, which differ for every kind of colour vision, without yellow and black:
a line has to be seen on a white page and on a dark one."""

GREY = "#8A8A8A"
BLUE, ORANGE = COLOURS[0], COLOURS[3]

STAR = "\N{BLACK STAR}"
"""Marks a winning ticket, in figures and tables."""


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One Vega-Lite chart as wide as its place; `cells` columns want some width each."""

    title: str
    spec: dict[str, Any]
    cells: int = 0


@dataclass(frozen=True, kw_only=True)
class Figure:
    """Panels in the order of reading; `legend` has the colour of every name that lines have."""

    name: str
    panels: Sequence[Panel]
    legend: Sequence[tuple[str, str]] = ()


def panel(title: str, chart: alt.LayerChart, height: int, cells: int = 0) -> Panel:
    """The chart as a panel; its colours of text and ground are the page's, light or dark.

    `height` is in points, without axes.
    """
    with alt.data_transformers.disable_max_rows():
        spec = chart.properties(
            width="container",
            height=height,
            autosize=alt.AutoSizeParams(type="fit-x", contains="padding"),
        ).to_dict()
    # The page has one configuration for all its charts.
    spec.pop("config", None)
    return Panel(title=title, spec=spec, cells=cells)


def with_seeds(table: pd.DataFrame, seeds: Sequence[int]) -> pd.DataFrame:
    """The table's rows as they are, and in each the seeds that its mean is over."""
    return table.assign(seeds=", ".join(map(str, seeds)))


def tooltips(
    first: Sequence[alt.Tooltip],
    last: Sequence[alt.Tooltip] = (),
    mean: str = "mean",
    digits: int = 2,
) -> list[alt.Tooltip]:
    """What is shown of a mark that is pointed at: what it is, its mean with all about it, the rest.

    `mean` is the column that has it.
    """
    title = "mean" if mean == "mean" else f"{mean} (mean)"
    return [
        *first,
        alt.Tooltip(f"{mean}:Q", title=title, format=f".{digits}f"),
        alt.Tooltip("std:Q", title="standard deviation", format=f".{digits}f"),
        alt.Tooltip("n:Q"),
        alt.Tooltip("seeds:N"),
        *last,
    ]
