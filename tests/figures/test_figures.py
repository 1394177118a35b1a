from __future__ import annotations

import struct
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest

import fake_metrics
from fake_metrics import frame
from svg_texts import SVG, texts
from table_command import make_table
from tickets import provenance
from tickets.figures import heat_maps
from tickets.tables.tabulation import png, svg
from tickets.tables.transfer import transfer_table

TASKS = ("sentence", "pair", "mlm")
SOURCES = (*TASKS, "oneshot", "random")


@pytest.fixture
def table() -> pd.DataFrame:
    """Full models 90 ± 1; own masks 89.5, which win; others 70, random ones 50, one-shot 75."""
    return transfer_table(frame(fake_metrics.study(own=89.5)), TASKS, fake_metrics.SPARSITY, 0)


def marks(image: bytes, role: str) -> list[ElementTree.Element]:
    """The marks of one kind (Vega's names: `rect mark`, `symbol mark`)."""
    return [
        mark
        for mark in ElementTree.fromstring(image).iter(f"{SVG}path")
        if mark.get("aria-roledescription") == role
    ]


def test_the_image_shows_every_label_and_number(table: pd.DataFrame) -> None:
    """Sources, targets with metric and full score, all differences, title, legend and its unit."""
    shown = texts(svg(heat_maps.transfer(table)))

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
    shown = texts(svg(heat_maps.transfer(table)))

    assert [text for text in shown if text in SOURCES] == [*TASKS, *SOURCES]


def test_stars_mark_the_winning_tickets_and_frames_the_own_masks(table: pd.DataFrame) -> None:
    """One star a winning ticket, one frame a task, on as many squares as there are cells."""
    table.loc[0, "matches_full"] = False
    image = svg(heat_maps.transfer(table))

    assert len(marks(image, "point")) == len(TASKS) - 1
    assert len(marks(image, "rect mark")) == len(SOURCES) * len(TASKS) + len(TASKS)


def test_dots_mark_masks_as_good_as_the_targets_own(table: pd.DataFrame) -> None:
    """One a mask of another source; that a mask is as good as itself says nothing."""
    before = len(marks(svg(heat_maps.transfer(table)), "point"))
    assert table.loc[1, "source"] != table.loc[1, "target"]
    table.loc[1, "matches_same_task"] = True

    assert len(marks(svg(heat_maps.transfer(table)), "point")) == before + 1


def test_loss_and_gain_differ_in_colour_and_the_random_mask_does_not_set_the_scale(
    table: pd.DataFrame,
) -> None:
    """-20 is as dark as -40: the scale ends at the largest difference of a mask that was found."""
    table.loc[0, "delta_full"] = 20.0
    squares = marks(svg(heat_maps.transfer(table)), "rect mark")
    colours = [square.get("fill") for square in squares if square.get("fill") != "none"]

    gain, loss, random = colours[0], colours[1], colours[-1]
    assert loss == random
    assert len({gain, loss, colours[4]}) == 3


def test_a_difference_that_rounds_to_zero_has_no_minus(table: pd.DataFrame) -> None:
    """-0.04 is shown as +0.0."""
    table.loc[0, "delta_full"] = -0.04

    assert "+0.0" in texts(svg(heat_maps.transfer(table)))


def test_long_task_names_do_not_overlap(table: pd.DataFrame) -> None:
    """A column is as wide as the longest name in it."""
    long = table.replace("sentence", "a_rather_long_name_of_a_task")

    assert width(png(heat_maps.transfer(long))) > 1.5 * width(png(heat_maps.transfer(table)))


def overlap_of(*pairs: tuple[str | None, str | None, float]) -> pd.DataFrame:
    """An overlap table's global rows: IMP sources, or None for the random masks."""
    return pd.DataFrame(
        [
            {
                "comparison": "seeds" if one == other else "tasks",
                "finder_a": "random" if one is None else "imp",
                "source_a": one,
                "finder_b": "random" if other is None else "imp",
                "source_b": other,
                "scope": "all",
                "sparsity_a": 0.7,
                "sparsity_b": 0.7,
                "beyond_chance": beyond,
            }
            for one, other, beyond in pairs
        ]
    )


def test_overlap_is_shown_both_ways_and_between_seeds() -> None:
    """Sources in the table's order; each pair in two squares, seeds in a framed one."""
    table = overlap_of(
        ("sentence", "mlm", 0.61), ("sentence", None, -0.001), ("mlm", None, 0.004),
        ("sentence", "sentence", 0.92), ("mlm", "mlm", 0.83),
    )  # fmt: skip
    scopes = pd.concat([table, table.assign(scope="layer", beyond_chance=0.5)])
    image = svg(heat_maps.mask_overlap(scopes))
    shown = texts(image)

    names = ["sentence", "mlm", "random"]
    assert [text for text in shown if text in names] == names * 2
    numbers = [text for text in shown if text[0].isdigit() and text[1:2] == "." and len(text) == 4]
    assert sorted(numbers) == sorted(["0.61", "0.00", "0.00"] * 2 + ["0.92", "0.83"])
    assert len(marks(image, "rect mark")) == 8 + 2
    assert any("70 % pruned" in text for text in shown)


def test_more_overlap_is_darker_and_random_masks_do_not_set_the_scale() -> None:
    """The lowest overlap of found masks has the colour of none at all."""
    table = overlap_of(
        ("sentence", "mlm", 0.4), ("sentence", None, 0.0), ("mlm", None, -0.2), ("mlm", "mlm", 0.8)
    )
    squares = marks(svg(heat_maps.mask_overlap(table)), "rect mark")
    colours = [square.get("fill") or "" for square in squares if square.get("fill") != "none"]
    found, random, below, seeds = colours[:4]

    assert found == random == below
    assert brightness(seeds) < brightness(found)


def test_layer_sparsity_has_a_facet_a_source_and_a_square_a_matrix() -> None:
    """Headed by source and sparsity; kinds in words, in the encoder's order; darker is sparser."""
    places = [("0", "output"), ("0", "query"), ("10", "attention_output"), ("pooler", "pooler")]
    table = pd.DataFrame(
        [
            {"finder": finder, "source": source, "sparsity": sparsity, "layer": layer,
             "matrix": kind, "n": 3, "mean": mean, "std": 0.0}
            for finder, source, sparsity in [("imp", "mlm", 0.7), ("random", None, 0.5)]
            for (layer, kind), mean in zip(places, (0.31, 0.72, 0.83, 0.94), strict=True)
        ]
    )  # fmt: skip
    image = svg(heat_maps.layer_sparsity(table))
    shown = texts(image)

    assert {"mlm, 0.70", "random, 0.50"} <= set(shown)
    kinds = ["query", "attention output", "output", "pooler"]
    assert [text for text in shown if text in kinds[:3]] == kinds[:3] * 2
    assert [shown.count(number) for number in ("0.31", "0.72", "0.83", "0.94")] == [2] * 4
    squares = [brightness(mark.get("fill") or "") for mark in marks(image, "rect mark")]
    assert len(squares) == 8
    assert squares[:4] == sorted(squares, reverse=True)[::2]
    assert any("3 seeds" in text for text in shown)


def test_equal_masks_have_a_scale_that_ends_at_one() -> None:
    """Ends that were the same would make no scale; and no overlap is above 1."""
    shown = texts(svg(heat_maps.mask_overlap(overlap_of(("sentence", "mlm", 1.0)))))
    numbers = [float(text) for text in shown if text.replace(".", "").isdigit()]

    assert max(numbers) == 1
    assert min(numbers) == 0.9


def brightness(colour: str) -> int:
    """The sum of the channels of `rgb(r, g, b)`."""
    return sum(map(int, colour.removeprefix("rgb(").removesuffix(")").split(",")))


def test_the_command_writes_the_same_two_images_every_time(tmp_path: Path) -> None:
    """SVG and PNG, each with its statement; a second run gives the same bytes."""
    metrics = fake_metrics.write(fake_metrics.study(), tmp_path / "metrics.parquet")
    parameters = {"tasks": TASKS, "sparsity": "0.7", "rewind": "0.0"}
    runs: list[tuple[bytes, bytes]] = []
    for name in ("one", "two"):
        svg, png = (tmp_path / name / "figures" / f"transfer.{kind}" for kind in ("svg", "png"))
        done = make_table("transfer", tmp_path / name, parameters, {"metrics": metrics})
        assert done.returncode == 0, done.stderr
        runs.append((provenance.read(svg), provenance.read(png)))

    assert runs[0] == runs[1]
    assert set(SOURCES) <= set(texts(runs[0][0]))
    assert width(runs[0][1]) > 1000


def width(png: bytes) -> int:
    """The width of a PNG in pixels, from its header."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    return int(struct.unpack(">I", png[16:20])[0])
