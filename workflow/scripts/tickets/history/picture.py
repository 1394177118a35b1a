"""A file's ancestry as a picture: boxes in a lane a kind and a row a round, joined by lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import altair as alt
import pandas as pd

from tickets.figures import charts
from tickets.figures.charts import GREY, INK, PRINT, add_heading
from tickets.history.ancestry import Ancestry, printable
from tickets.history.layout import PADDING, Box, Layout, Point, layout

COLOURS = {
    "data": "#009E73",
    "encoded": "#009E73",
    "weights": "#0072B2",
    "model": "#0072B2",
    "tickets": "#56B4E9",
    "trained": "#E69F00",
    "masks": "#D55E00",
    "predictions": "#CC79A7",
    "metrics": "#CC79A7",
}
"""By kind, some of Okabe and Ito's; other kinds are grey."""

FAULT = "#B00020"
CORNER = 5.0
"""Radius of a line's corners, in points."""


def svg(ancestry: Ancestry) -> bytes:
    """The picture as SVG."""
    with alt.data_transformers.disable_max_rows():
        return charts.svg(picture(ancestry))


def picture(ancestry: Ancestry) -> alt.LayerChart:
    """The picture of an ancestry, one point of the layout a point."""
    plan = layout(ancestry)
    boxes = alt.Chart(pd.DataFrame(_boxes(plan)))
    lines = pd.DataFrame(_lines(plan), columns=["line", "place", "x", "y", "colour"])

    def x(column: str) -> alt.X:
        scale = alt.Scale(domain=[0, plan.width], nice=False, zero=False)
        return alt.X(f"{column}:Q", scale=scale, axis=None)

    def y(column: str) -> alt.Y:
        scale = alt.Scale(domain=[plan.height, 0], nice=False, zero=False)
        return alt.Y(f"{column}:Q", scale=scale, axis=None)

    frames = boxes.encode(x=x("left"), x2="right:Q", y=y("top"), y2="bottom:Q")
    layers = [
        alt.Chart(pd.DataFrame(_headings(plan)))
        .mark_text(align="left", baseline="top", fontSize=13, color=GREY)
        .encode(x=x("left"), y=y("top"), text="name:N"),
        alt.Chart(lines)
        .mark_line(strokeWidth=1.3, strokeJoin="round", opacity=1)
        .encode(
            x=x("x"),
            y=y("y"),
            detail="line:N",
            order="place:Q",
            color=alt.Color("colour:N", scale=None),
        ),
        frames.mark_rect(fill="white", cornerRadius=4),
        *(
            frames.transform_filter(f"datum.dashed == {dashed}")
            .mark_rect(cornerRadius=4, strokeDash=dashes)
            .encode(
                fill=alt.Fill("colour:N", scale=None),
                fillOpacity=alt.FillOpacity("filled:Q", scale=None),
                stroke=alt.Stroke("colour:N", scale=None),
                strokeWidth=alt.StrokeWidth("thick:Q", scale=None),
            )
            for dashed, dashes in (("true", [4, 3]), ("false", [1, 0]))
        ),
        *(
            boxes.mark_text(align="left", baseline="middle", fontSize=size, color=ink).encode(
                x=x("text"), y=y(at), text=f"{said}:N"
            )
            for at, said, size, ink in (("first", "name", 12, INK), ("second", "said", 10.5, GREY))
        ),
    ]
    return add_heading(
        alt.LayerChart(layer=layers, width=plan.width, height=plan.height),
        PRINT,
        printable(f"What {ancestry.ancestors[ancestry.root].place} was made from"),
        [
            "Each box: a file, with the first digits of its sha256. Lines lead to what was made "
            "from it; a row is a round of pruning.",
            "Dashed: deleted after use or from outside the study, known by a statement that is "
            "here. Red: not as its statement says.",
        ],
    )


def _boxes(plan: Layout) -> Iterator[dict[str, object]]:
    for number, (box, frame) in enumerate(zip(plan.boxes, plan.frames, strict=True)):
        first = box.files[0]
        yield {
            "left": frame.left,
            "right": frame.right,
            "top": frame.top,
            "bottom": frame.bottom,
            "text": frame.left + PADDING / 2,
            "first": frame.top + 0.32 * (frame.bottom - frame.top),
            "second": frame.top + 0.72 * (frame.bottom - frame.top),
            "name": box.name,
            "said": f"{box.digest} · {first.state}" if first.is_fault else box.digest,
            "colour": _colour(box),
            "filled": 0.1 if first.state == "here" or first.is_fault else 0.0,
            "dashed": first.state in ("not kept", "from outside"),
            "thick": 1.3 if number else 2.6,
        }


def _lines(plan: Layout) -> Iterator[tuple[int, int, float, float, str]]:
    for line, ((parent, _), points) in enumerate(plan.lines.items()):
        for place, (x, y) in enumerate(_rounded(points)):
            yield line, place, x, y, _colour(plan.boxes[parent])


def _headings(plan: Layout) -> Iterator[dict[str, object]]:
    for lane, left in enumerate(plan.lanes):
        kinds = [each.kind for box in plan.boxes if box.lane == lane for each in box.files]
        names = ", ".join(printable(kind) or "from outside" for kind in dict.fromkeys(kinds))
        yield {"left": left, "top": 0, "name": names}


def _colour(box: Box) -> str:
    first = box.files[0]
    return FAULT if first.is_fault else COLOURS.get(first.kind, GREY)


def _rounded(points: Sequence[Point]) -> list[Point]:
    """The points of a line whose corners, all of them right angles, are cut by a curve."""
    found = [points[0]]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        ends = [_towards(corner, other) for other in (before, after)]
        middle = tuple((ends[0][i] + ends[1][i] + 2 * corner[i]) / 4 for i in (0, 1))
        found += [ends[0], (middle[0], middle[1]), ends[1]]
    return [*found, points[-1]]


def _towards(corner: Point, other: Point) -> Point:
    """The point a corner's radius away from it, or half of the way where that is shorter."""
    way = [other[i] - corner[i] for i in (0, 1)]
    length = max(map(abs, way))
    share = min(CORNER, length / 2) / length if length else 0.0
    return corner[0] + share * way[0], corner[1] + share * way[1]
