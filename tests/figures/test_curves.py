from __future__ import annotations

import re
from itertools import combinations
from math import log
from pathlib import Path
from xml.etree import ElementTree

import altair as alt
import pandas as pd
import pytest

from tickets.design import registry
from tickets.figures import charts, curves, scatter
from tickets.paths import Results
from tickets.tables import transferability
from tickets.tables.cells import csv
from tickets.tables.rewinding import COLUMNS as REWOUND
from tickets.tables.sparsity_sweep import COLUMNS as SWEPT
from tickets.tables.tabulation import figure, svg
from tickets.tables.transfer_variants import COLUMNS as VARIANTS

SVG = "{http://www.w3.org/2000/svg}"
TASKS = ("sentence", "pair", "span", "answer", "mlm")
NAN = float("nan")
SPARSITIES = (0.1, 0.2, 0.3439)


def sweep_table() -> pd.DataFrame:
    """Five tasks, the full model at 80 ± 2; IMP falls from 82 by one a sparsity, others below."""
    rows: list[tuple[object, ...]] = []
    for task in TASKS:
        full = ("accuracy", 3, 80, 2)
        rows.append((task, "dense", 0.0, *full, 80, 2, 0, NAN, NAN, True, True))
        for finder, first in (("imp", 82), ("oneshot", 70), ("random", 50)):
            for step, sparsity in enumerate(SPARSITIES):
                mean = first - step
                scored = ("accuracy", 3, mean, 1, 80, 2, mean - 80, mean - 81, mean - 79)
                rows.append((task, finder, sparsity, *scored, mean >= 78, mean >= 80))
    return pd.DataFrame(rows, columns=list(SWEPT))


def rewinding_table() -> pd.DataFrame:
    """Five tasks, each with its ticket winning at 20 %."""
    rows = [
        (task, method, rewind, sparsity, sparsity == 0.2, "accuracy", 3, 80 - k, 1, -k, NAN, NAN)
        for task in TASKS
        for k, (method, rewind) in enumerate([("imp", 0), ("imp", 50), ("standard", NAN)])
        for sparsity in SPARSITIES
    ]
    return pd.DataFrame(rows, columns=list(REWOUND))


def variants_table() -> pd.DataFrame:
    """Two masks swept on five targets, and a variant that is none of the sweep."""
    rows: list[tuple[object, ...]] = []
    for target in TASKS:
        for variant, finder, source in (
            ("sweep", "imp", "mlm"),
            ("sweep", "oneshot", "oneshot"),
            ("weights", "imp", "span"),
        ):
            for step, sparsity in enumerate(SPARSITIES):
                mask = (variant, finder, source, target, sparsity, "theta_0", 0.0)
                delta = (-step, -step - 1, -step + 1)
                scored = ("accuracy", 3, 80 - step, 1, 80, 2, *delta)
                rows.append((*mask, *scored, 0, True, step <= 1, True))
    return pd.DataFrame(rows, columns=list(VARIANTS))


def sources_table(*sources: tuple[str, str, int, float]) -> pd.DataFrame:
    """Sources by name, task that they are a part of, examples, and mean transfer ± 2 points."""
    rows = [
        (name, parent, examples, 4, 3, mean, 1, mean - 2, mean + 2)
        for name, parent, examples, mean in sources
    ]
    return pd.DataFrame(rows, columns=list(transferability.COLUMNS))


SOURCES = sources_table(
    ("sentence", "", 1200, -22),
    ("pair", "", 800, -14),
    ("span", "", 800, -12.5),
    ("answer", "", 800, -12),
    ("mlm", "", 2000, -3),
    ("pair_400", "pair", 400, -17),
    ("pair_200", "pair", 200, -21),
    ("span_300", "span", 300, -16),
)


def drawn(chart: alt.TopLevelMixin) -> ElementTree.Element:
    return ElementTree.fromstring(svg(chart))


def texts(image: ElementTree.Element) -> list[str]:
    return ["".join(text.itertext()) for text in image.iter(f"{SVG}text")]


def marks(image: ElementTree.Element, role: str) -> list[dict[str, str]]:
    """Attributes of the marks of a kind (Vega's names)."""
    found = [dict(mark.attrib) for tag in ("path", "line") for mark in image.iter(f"{SVG}{tag}")]
    return [mark for mark in found if mark.get("aria-roledescription") == role]


def corners(path: str) -> list[tuple[float, float]]:
    """The points that a path goes through."""
    return [(float(x), float(y)) for x, y in re.findall(r"([-\d.e]+),([-\d.e]+)", path)]


def test_the_sweep_has_a_panel_a_task_under_one_legend() -> None:
    """Titles in the table's order, metric and per cent on every axis, each finder named once."""
    shown = texts(drawn(curves.sparsity_sweep(sweep_table())))

    assert [text for text in shown if text in TASKS] == list(TASKS)
    assert shown.count("accuracy (%)") == shown.count("pruned (%)") == len(TASKS)
    assert [text for text in shown if text in ("IMP", "one-shot", "random")] == [
        *("IMP", "one-shot", "random")
    ]
    assert shown.count("34.39") == len(TASKS)
    assert any("3 seeds" in text for text in shown)


def test_every_finder_has_its_line_and_band_and_the_full_model_its_own() -> None:
    """Three lines a panel in three colours; bands go one deviation to either side."""
    image = drawn(curves.sparsity_sweep(sweep_table()))
    lines, bands = marks(image, "line mark"), marks(image, "area mark")

    assert len(lines) == len(bands) == 3 * len(TASKS)
    assert len({line["stroke"] for line in lines}) == 3
    line, band = corners(lines[0]["d"]), corners(bands[0]["d"])
    upper, lower = band[:3], band[:2:-1]
    if upper[0][1] > lower[0][1]:
        upper, lower = lower, upper
    a_point = line[1][1] - line[0][1]  # IMP falls by one a sparsity
    assert a_point > 0
    for (_, middle), (_, top), (_, bottom) in zip(line, upper, lower, strict=True):
        assert middle - top == pytest.approx(a_point, rel=0.01)
        assert bottom - middle == pytest.approx(a_point, rel=0.01)
    assert len(marks(image, "rect mark")) == len(TASKS)
    assert len(marks(image, "rule mark")) == len(TASKS)


def test_dots_are_the_winning_tickets() -> None:
    """82, 81 and 80 win against 80 - 2, in every panel; no other finder does."""
    dots = marks(drawn(curves.sparsity_sweep(sweep_table())), "point")

    assert len(dots) == 3 * len(TASKS)
    assert {dot["fill"] for dot in dots} == {charts.COLOURS[0]}


def test_without_deviations_there_are_lines_but_no_bands() -> None:
    """A single seed has none."""
    image = drawn(curves.sparsity_sweep(sweep_table().assign(std=NAN, full_std=NAN, n=1)))

    assert len(marks(image, "line mark")) == 3 * len(TASKS)
    assert len(marks(image, "rule mark")) == len(TASKS)
    assert not marks(image, "area mark")
    assert not marks(image, "rect mark")


def test_rewinding_has_a_line_a_method_and_a_dot_at_the_winning_sparsity() -> None:
    """One band a panel: that of rewinding to theta_0."""
    image = drawn(curves.rewinding(rewinding_table()))
    names = ("rewind 0 %", "rewind 50 %", "no rewinding")

    assert [text for text in texts(image) if text in (*TASKS, *names)] == [*TASKS, *names]
    assert len(marks(image, "line mark")) == 3 * len(TASKS)
    assert len(marks(image, "area mark")) == len(TASKS)
    dots = marks(image, "point")
    assert len(dots) == len(TASKS)
    assert all("pruned (%): 20; accuracy (%): 80;" in dot["aria-label"] for dot in dots)


def test_the_transfer_sweep_shows_that_variant_alone() -> None:
    """Differences, a panel a target: MLM's mask and the one-shot mask beside the full model's 0."""
    image = drawn(curves.transfer_sweep(variants_table()))
    names = ("mask of mlm", "one-shot")

    assert [text for text in texts(image) if text in (*TASKS, *names)] == [*TASKS, *names]
    assert not any("span" in text for text in texts(image) if text not in TASKS)
    assert len(marks(image, "line mark")) == len(marks(image, "area mark")) == 2 * len(TASKS)
    assert len(marks(image, "rule mark")) == len(TASKS)
    assert len(marks(image, "point")) == 2 * 2 * len(TASKS)


def test_lines_of_a_panel_differ_in_colour_as_long_as_there_are_colours() -> None:
    """Rewinding to five points, and never: more than most figures have."""
    assert len(set(charts.COLOURS)) == len(charts.COLOURS) >= 6


def test_points_stand_at_their_examples_on_a_logarithmic_scale() -> None:
    """Equally many examples stand side by side, around where they belong."""
    dots = marks(drawn(scatter.transferability(SOURCES)), "point")
    places = [
        float(found[1])
        for dot in dots
        if (found := re.search(r"translate\(([\d.]+),", dot["transform"]))
    ]
    at = dict(zip(SOURCES["source"], places, strict=True))

    doubling = at["pair_400"] - at["pair_200"]
    assert doubling > 30
    assert at["mlm"] - at["pair_200"] == pytest.approx(doubling * log(10, 2), rel=1e-3)
    assert at["span"] == pytest.approx(at["pair_400"] + doubling, abs=0.5)
    assert at["span"] - at["pair"] == pytest.approx(at["answer"] - at["span"], abs=0.5)
    assert at["span"] - at["pair"] > 10


def test_lines_join_parts_with_their_task_and_no_others() -> None:
    """One line of three points and one of two, in the colours of their tasks."""
    image = drawn(scatter.transferability(SOURCES))
    lines = [line for line in marks(image, "line mark") if len(corners(line["d"])) > 1]

    assert sorted(len(corners(line["d"])) for line in lines) == [2, 3]
    assert len({line["stroke"] for line in lines}) == 2
    assert len(marks(image, "rule mark")) == len(SOURCES) + 1  # intervals, and the full model


def boxes(image: ElementTree.Element, names: set[str]) -> list[tuple[float, float, float, float]]:
    """Left, right, top and bottom of the names of points, whose letters are 13 points high."""
    found: list[tuple[float, float, float, float]] = []
    for text in image.iter(f"{SVG}text"):
        name = "".join(text.itertext())
        place = re.search(r"translate\(([-\d.]+),([-\d.]+)\)", text.get("transform", ""))
        if name in names and place:
            x, y, width = float(place[1]), float(place[2]), 6 * len(name)
            left = x if text.get("text-anchor") == "start" else x - width
            found.append((left, left + width, y - 10, y + 3))
    return found


@pytest.mark.parametrize(
    "table",
    [
        SOURCES,
        sources_table(*((f"source_{i}", "", 800, -10 - 0.1 * i) for i in range(6))),
        sources_table(*((f"source_{i}", "", 800 + 40 * i, -10) for i in range(6))),
        sources_table(("alone", "", 800, -10)),
    ],
    ids=["parts", "equal_examples", "equal_transfer", "one"],
)
def test_every_source_is_named_and_no_name_is_upon_another(table: pd.DataFrame) -> None:
    """However near the points are; and all names are in the figure."""
    found = boxes(drawn(scatter.transferability(table)), set(table["source"]))

    assert len(found) == len(table)
    for one, other in combinations(found, 2):
        apart = one[1] <= other[0] or other[1] <= one[0] or one[3] <= other[2] or other[3] <= one[2]
        assert apart, (one, other)
    assert all(left >= 0 and right <= scatter.WIDTH for left, right, _, _ in found)


@pytest.mark.parametrize(
    ("name", "table"), [("transferability", SOURCES), ("transfer_variants", variants_table())]
)
def test_a_table_is_drawn_the_same_way_every_time(
    name: str, table: pd.DataFrame, tmp_path: Path
) -> None:
    """As it is and from its file."""
    path = tmp_path / "table.csv"
    path.write_bytes(csv(table))
    spec, files = registry.table(name), Results(root="r")

    one, two = (figure(spec, each, files) for each in (table, pd.read_csv(path)))

    assert one == two
    assert list(one) == [files.figure(spec.picture, kind) for kind in ("svg", "png")]
    image, picture = one.values()
    assert picture.startswith(b"\x89PNG")
    column = "source" if name == "transferability" else "target"
    assert set(table[column]) <= set(texts(ElementTree.fromstring(image)))


def test_tasks_without_parts_are_drawn_from_their_file(tmp_path: Path) -> None:
    """A column that is empty throughout is read as numbers."""
    path = tmp_path / "table.csv"
    path.write_bytes(csv(sources_table(("pair", "", 800, -14), ("mlm", "", 2000, -3))))

    assert {"pair", "mlm"} <= set(texts(drawn(scatter.transferability(pd.read_csv(path)))))
