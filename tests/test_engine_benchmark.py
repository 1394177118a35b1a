"""The engine benchmark's arithmetic, on made-up figures: nothing is timed or trained here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engine_job import Job, Marks
from engine_report import NAMES, Measured, flops, quality_table, ratios, speed_table

INPUTS = {
    "tokens": 5,
    "squares": 13,
    "encoder_weights": 24,
    "layers": 1,
    "hidden": 2,
    "train": 64,
    "validation": 30,
    "majority": 0.5,
}


def measured(*seconds: float) -> Measured:
    return Measured(examples=64, seconds=seconds, peak_mib=[100.0], first_step=[1.0])


def test_the_work_is_that_of_the_products_by_hand() -> None:
    """Two texts of 2 and 3 tokens through one layer of width 2: every product counted for itself.

    A product of [m, k] and [k, n] costs 2mkn; forward once, backward twice.
    """
    by_hand = 0
    for length in (2, 3):
        for rows, inner, columns in (
            *((length, 2, 2),) * 4,  # query, key, value, attention's output
            (length, 2, 2),  # one narrow feed-forward: up ...
            (length, 2, 2),  # ... and down
            (length, 2, length),  # queries with keys
            (length, length, 2),  # weights with values
        ):
            by_hand += 3 * 2 * rows * inner * columns

    assert flops(INPUTS) == by_hand


def test_a_ratio_is_ours_over_theirs_by_medians() -> None:
    """For each of our precisions, over float32 rivals only; what was not measured is left out."""
    found = ratios(
        {
            "published": measured(8.0, 80.0, 7.0),
            "trainer": measured(2.0),
            "trainer_bf16": measured(1.0),
            "float32": measured(1.0),
            "bf16": measured(0.5),
        }
    )

    assert found == {
        "float32": {"published": 8.0, "trainer": 2.0},
        "bf16": {"published": 16.0, "trainer": 4.0},
    }
    assert ratios({"trainer": measured(1.0)}) == {}


def test_the_table_has_a_line_a_contestant() -> None:
    """Rates with their spread, the ratio to each rival, and our share of the machine's rate."""
    contestants = {name: measured(1.0, 2.0, 4.0) for name in NAMES}
    rate = flops(INPUTS) / 2.0
    lines = speed_table("toy", contestants, INPUTS, {"float32": 2 * rate, "bf16": 4 * rate})

    heading, columns, *rows = lines.splitlines()
    assert heading.startswith("toy: 64 timed examples")
    assert columns.endswith("x bf16")
    assert [row[:36].strip() for row in rows] == list(NAMES.values())
    assert all("32.0 (16.0-64.0)" in row for row in rows)
    assert [row.split()[-3:] for row in rows[2:]] == [
        ["-", "1.0", "1.0"],
        ["-", "-", "-"],
        ["50%", "-", "-"],
        ["25%", "-", "-"],
    ]


def test_accuracies_are_summed_up_over_seeds() -> None:
    """Mean and sample standard deviation in per cent; none for a single seed."""
    table = quality_table("toy", {"trainer": [0.5, 0.7], "float32": [0.6]}, INPUTS)

    trainer, ours = (line[36:].split() for line in table.splitlines()[2:])
    assert trainer == ["60.0", "14.1", "50.0", "70.0"]
    assert ours == ["60.0", "-", "60.0"]


def test_the_untimed_steps_are_left_out() -> None:
    """Seconds are those between the last untimed and the last step, the first step's from start."""
    job = Job(
        kind="trainer",
        model="",
        data="",
        folder="",
        task="",
        threads=1,
        warm=2,
        steps=3,
        started=10.0,
    )
    marks = Marks(job=job, at={1: 14.0, 2: 15.0, 5: 21.0})

    assert marks.answer() == {"first_step": 4.0, "seconds": 6.0}


@pytest.mark.parametrize("module", ["engine_job", "engine_report"])
def test_the_parent_stays_small(module: str) -> None:
    """It imports no library: its children's peak memory would start at its own."""
    code = f"import {module}, sys; sys.exit(bool({{'numpy', 'torch'}} & set(sys.modules)))"
    folder = Path(__file__).parents[1] / "benchmarks"

    assert subprocess.run([sys.executable, "-c", code], cwd=folder).returncode == 0
