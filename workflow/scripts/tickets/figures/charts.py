"""Shared by all charts: themes for print and for the page, headings, tooltips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any, TypeVar

import altair as alt

INK, GREY = "#1a1a1a", "#767676"
BLUE, ORANGE = "#0072B2", "#D55E00"

COLOURS = (BLUE, "#E69F00", "#009E73", ORANGE, "#56B4E9", "#CC79A7", GREY)
"""Lines: Okabe and Ito's colours, which differ for every kind of colour vision, without yellow and
black, as lines have to be visible on a white page and on a dark one.
"""

TOOLTIPS = {
    "source": ("mask of", ""),
    "target": ("trained on", ""),
    "panel": ("task", ""),
    "meaning": ("which is", ""),
    "mask": ("mask of", ""),
    "one": ("mask of", ""),
    "other": ("and of", ""),
    "comparison": ("pairs of", ""),
    "kind": ("matrix", ""),
    "percent": ("pruned (%)", ".4~r"),
    "train_examples": ("training examples", ","),
    "targets": ("other tasks", "d"),
    "full_mean": ("full model, mean", ".2f"),
    "full_std": ("full model, standard deviation", ".2f"),
    "delta_full": ("difference from the full model", "+.2f"),
    "low": ("95 % interval from", "+.2f"),
    "high": ("to", "+.2f"),
    "chance": ("expected by chance", ".3f"),
    "beyond_chance": ("beyond chance", ".3f"),
    "matches_full": ("winning ticket", ""),
    "wins": ("winning ticket", ""),
}
"""Titles of columns in tooltips, by default their names, and the format of their numbers."""

Chart = alt.LayerChart | alt.ConcatChart
AnyChart = TypeVar("AnyChart", bound=alt.TopLevelMixin)


@dataclass(frozen=True, kw_only=True)
class Theme:
    """The look of charts in one medium.

    config: Vega-Lite's configuration: fonts, sizes, colours. It defines the styles `number`,
        `small`, `name` and `frame` of marks and the colour ranges `diverging` and `heatmap`.
    tooltips: pointing at a mark shows its row, so that labels can be shorter.
    legends: a chart draws the legend that its panels share.
    """

    tooltips: bool
    legends: bool
    config: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def legend(self, **look: Any) -> alt.Legend | None:
        """A legend without a title, if a chart draws it."""
        return alt.Legend(title=None, **look) if self.legends else None


_TITLE = {"titleFontSize": 12, "titleFontWeight": "normal"}
PRINT = Theme(
    tooltips=False,
    legends=True,
    config={
        "font": "Liberation Sans",  # comes with vl-convert, so that no font has to be installed
        "padding": 16,
        "background": "white",
        "view": {"stroke": None},
        "title": {"anchor": "start", "color": INK, "fontSize": 14, "subtitleColor": INK},
        "axis": {"labelColor": INK, "labelFontSize": 13, "titleColor": INK, **_TITLE},
        "axisTop": {"labelAngle": 0},
        "legend": {"labelFontSize": 12, "gradientLength": 220, **_TITLE},
        "text": {"color": INK},
        "style": {
            "number": {"fontSize": 15},
            "small": {"fontSize": 11},
            "name": {"fontSize": 13},
            "frame": {"stroke": INK},
        },
        "range": {"diverging": {"scheme": "redblue"}, "heatmap": {"scheme": "blues"}},
    },
)

PAGE = Theme(tooltips=True, legends=False)
"""The page's script configures Vega-Lite, as colours follow the reader's light or dark mode."""


def add_heading(
    chart: AnyChart,
    theme: Theme,
    title: str,
    reading: Sequence[str],
    *,
    legend: Mapping[str, str] | None = None,
    columns: int = 0,
) -> AnyChart:
    """The chart in its theme, under a title and the lines that explain how to read it.

    `legend` (names with their colours) and the number of `columns` of squares are notes for a page
    that lays out the chart; they are in `usermeta`, which Vega ignores.
    """
    heading = alt.TitleParams(
        text=title,
        subtitle=list(reading),
        fontSize=17,
        subtitleFontSize=13,
        subtitleLineHeight=18,
        offset=20,
    )
    notes = {"legend": dict(legend or {}), "columns": columns}
    return chart.properties(title=heading, usermeta=notes, config=dict(theme.config))


def add_tooltips(
    mark: alt.Chart, theme: Theme, columns: str, *, mean: str = "mean", digits: int = 2
) -> list[alt.Chart]:
    """`mark` as an invisible layer to point at; no layer if the theme has no tooltips.

    The tooltip shows `columns` (names separated by spaces) of the mark's row, then the column
    `mean` with its standard deviation, n, and `seeds`, a column that the page adds to a table.
    """
    number = f".{digits}f"
    last = {mean: (mean, number), "std": ("standard deviation", number), "n": ("n", "d")}
    titles = {column: TOOLTIPS.get(column, (column, "")) for column in columns.split()} | last
    tooltips = [
        alt.Tooltip(f"{column}:Q", title=title, format=form)
        if form
        else alt.Tooltip(f"{column}:N", title=title)
        for column, (title, form) in {**titles, "seeds": ("seeds", "")}.items()
    ]
    return point_at(mark, theme, tooltips)


def point_at(mark: alt.Chart, theme: Theme, tooltips: Sequence[alt.Tooltip]) -> list[alt.Chart]:
    """`mark` as an invisible layer that shows `tooltips`; no layer if the theme has none."""
    return [mark.encode(tooltip=tooltips, opacity=alt.value(0))] if theme.tooltips else []


def mark_level(chart: alt.Chart) -> alt.Chart:
    """The chart's rows as dashed lines: the full model's level."""
    return chart.mark_rule(color=GREY, strokeDash=[5, 3], strokeWidth=1.5)


def colour_by(
    column: str, colours: Mapping[str, str], legend: alt.Legend | None = None
) -> alt.Color:
    """The colours of a column's values, with their legend if there is one."""
    return alt.Color(
        f"{column}:N",
        legend=legend,
        scale=alt.Scale(domain=list(colours), range=list(colours.values())),
    )


def colour_lines(names: Sequence[str]) -> dict[str, str]:
    """A colour for each name, in their order; after the last colour, the first again."""
    return dict(zip(names, cycle(COLOURS)))
