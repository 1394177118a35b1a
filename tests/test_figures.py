from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest

import made_up
from made_up import frame
from tickets import figures, provenance
from tickets.transfer import transfer_table

TASKS = ("sentence", "pair", "mlm")
SOURCES = (*TASKS, "oneshot", "random")
SCRIPT = Path(__file__).parents[1] / "workflow" / "scripts" / "transfer.py"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def table() -> pd.DataFrame:
    """Full models 90 ± 1; own masks 89.5, which win; others 70, random ones 50, one-shot 75."""
    return transfer_table(frame(made_up.study(own=89.5)), TASKS, made_up.SPARSITY, 0)


def texts(image: bytes) -> list[str]:
    """What can be read in an SVG, in its order, a line an entry."""
    found: list[str] = []
    for text in ElementTree.fromstring(image).iter(f"{SVG}text"):
        spans = list(text.iter(f"{SVG}tspan"))
        found += ["".join(part.itertext()) for part in spans or [text]]
    return found


def marks(image: bytes, role: str) -> list[ElementTree.Element]:
    """The marks of one kind (Vega's names: `rect mark`, `symbol mark`)."""
    return [
        mark
        for mark in ElementTree.fromstring(image).iter(f"{SVG}path")
        if mark.get("aria-roledescription") == role
    ]


def test_the_image_shows_every_label_and_number(table: pd.DataFrame) -> None:
    """Sources, targets with metric and full score, all differences, title, legend and its unit."""
    shown = texts(figures.svg(figures.heat_map(table)))

    assert set(SOURCES) | {"accuracy", "pearson", "masked accuracy"} <= set(shown)
    assert shown.count("90.0 ± 1.0") == len(TASKS)
    numbers = [text for text in shown if text[0] in "+−" and "." in text]  # noqa: RUF001
    own, other, oneshot, random = "−0.5", "−20.0", "−15.0", "−40.0"  # noqa: RUF001
    tasks = [own if source == target else other for source in TASKS for target in TASKS]
    assert numbers == [*tasks, *[oneshot] * 3, *[random] * 3]
    assert any("70 % pruned" in text for text in shown)
    assert {"(percentage points)", "full model's mean"} <= set(shown)
    assert any("3 seeds" in text for text in shown)


def test_rows_and_columns_keep_the_order_of_the_table(table: pd.DataFrame) -> None:
    """Down: tasks, one-shot, random; across: tasks."""
    shown = texts(figures.svg(figures.heat_map(table)))

    assert [text for text in shown if text in SOURCES] == [*TASKS, *SOURCES]


def test_rings_mark_the_winning_tickets_and_frames_the_own_masks(table: pd.DataFrame) -> None:
    """One ring a winning ticket, one frame a task, on as many squares as there are cells."""
    table.loc[0, "matches_full"] = False
    image = figures.svg(figures.heat_map(table))

    assert len(marks(image, "point")) == len(TASKS) - 1
    assert len(marks(image, "rect mark")) == len(SOURCES) * len(TASKS) + len(TASKS)


def test_loss_and_gain_differ_in_colour_and_the_random_mask_does_not_set_the_scale(
    table: pd.DataFrame,
) -> None:
    """-20 is as dark as -40: the scale ends at the largest difference of a mask that was found."""
    table.loc[0, "delta_full"] = 20.0
    squares = marks(figures.svg(figures.heat_map(table)), "rect mark")
    colours = [square.get("fill") for square in squares if square.get("fill") != "none"]

    gain, loss, random = colours[0], colours[1], colours[-1]
    assert loss == random
    assert len({gain, loss, colours[4]}) == 3


def test_a_difference_that_rounds_to_zero_has_no_minus(table: pd.DataFrame) -> None:
    """-0.04 is shown as +0.0."""
    table.loc[0, "delta_full"] = -0.04

    assert "+0.0" in texts(figures.svg(figures.heat_map(table)))


def test_long_task_names_do_not_overlap(table: pd.DataFrame) -> None:
    """A column is as wide as the longest name in it."""
    long = table.replace("sentence", "a_rather_long_name_of_a_task")

    assert width(figures.png(figures.heat_map(long))) > 1.5 * width(
        figures.png(figures.heat_map(table))
    )


def test_the_command_writes_the_same_two_images_every_time(tmp_path: Path) -> None:
    """SVG and PNG, each with its statement; a second run gives the same bytes."""
    metrics = made_up.write(made_up.study(), tmp_path / "metrics.parquet")
    runs: list[tuple[bytes, bytes]] = []
    for name in ("one", "two"):
        svg, png = tmp_path / name / "transfer.svg", tmp_path / name / "transfer.png"
        subprocess.run(
            [
                *(sys.executable, str(SCRIPT), "--metrics", str(metrics), "--tasks", *TASKS),
                *("--sparsity", "0.7", "--rewind", "0", "--table", str(svg.with_suffix(".csv"))),
                *("--matrix", str(tmp_path / name / "matrix.csv")),
                *("--text", str(svg.with_suffix(".txt"))),
                *("--svg", str(svg), "--png", str(png)),
            ],
            check=True,
        )
        runs.append((provenance.read(svg), provenance.read(png)))

    assert runs[0] == runs[1]
    assert set(SOURCES) <= set(texts(runs[0][0]))
    assert width(runs[0][1]) > 1000


def width(png: bytes) -> int:
    """The width of a PNG in pixels, from its header."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    return int(struct.unpack(">I", png[16:20])[0])
