"""What all figures share: one style, and how they become files."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TypeVar

import altair as alt

FONT = "Liberation Sans"
"""Comes with vl-convert: a figure looks the same on a machine without fonts."""

INK = "#1a1a1a"

Chart = TypeVar("Chart", bound=alt.TopLevelMixin)


def styled(chart: Chart, title: str, subtitle: Sequence[str]) -> Chart:
    """The chart under a title and the lines that say how to read it, in the style of all figures.

    What a kind of figure wants besides, it adds with `configure_axisX` and `configure_axisY`.
    """
    heading = alt.TitleParams(
        text=title,
        subtitle=list(subtitle),
        anchor="start",
        fontSize=17,
        subtitleFontSize=13,
        subtitleColor=INK,
        subtitleLineHeight=18,
        offset=20,
    )
    return (
        chart.properties(title=heading)
        .configure(font=FONT, padding=16, background="white")
        .configure_view(stroke=None)
        .configure_axis(labelFontSize=13, labelColor=INK)
        .configure_legend(
            titleFontSize=12, labelFontSize=12, titleFontWeight="normal", gradientLength=220
        )
    )


def svg(chart: alt.TopLevelMixin) -> bytes:
    """The chart as SVG; needs no network and no browser."""
    image = io.StringIO()
    chart.save(image, format="svg")
    return image.getvalue().encode()


def png(chart: alt.TopLevelMixin) -> bytes:
    """The chart as PNG, two pixels a point."""
    image = io.BytesIO()
    chart.save(image, format="png", scale_factor=2)
    return image.getvalue()


def pictures(chart: alt.TopLevelMixin) -> dict[str, bytes]:
    """The chart as the files of a figure, by kind."""
    return {"svg": svg(chart), "png": png(chart)}
