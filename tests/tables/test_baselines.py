from __future__ import annotations

from pathlib import Path

import pytest

import fake_metrics
from fake_metrics import Rows, frame, majority, trainings
from table_command import make_table
from tickets import provenance
from tickets.errors import BadInput
from tickets.tables.baselines import baselines_table, render
from tickets.tables.cells import csv

NAMES = ["majority", "full", "imp", "random", "oneshot", "imp_reinit", "reinit"]

EXPECTED = """\
target,baseline,sparsity,metric,n,mean,std
pair,majority,,pearson,1,0.0000,
pair,full,0.0000,pearson,3,80.0000,2.0000
pair,imp,0.7000,pearson,3,79.0000,1.0000
pair,random,0.7000,pearson,3,1.0000,1.0000
pair,oneshot,0.7000,pearson,3,60.0000,0.0000
pair,imp_reinit,0.7000,pearson,3,-1.0000,1.0000
pair,reinit,0.0000,pearson,3,5.0000,0.1000
"""


def one_target() -> Rows:
    """One target; the mask of another task has no place in its table."""
    return [
        *trainings("imp", "pair", [79, 78, 80], source="pair"),
        *trainings("imp", "pair", [12, 13, 14], source="sentence"),
        *trainings("imp", "pair", [-1, -2, 0], source="pair", weights="reinit"),
        *trainings("oneshot", "pair", [60, 60, 60]),
        *trainings("random", "pair", [0, 1, 2]),
        *trainings("dense", "pair", [4.9, 5, 5.1], weights="reinit"),
        *trainings("dense", "pair", [78, 80, 82]),
        *majority("pair", 0),
    ]


def test_the_table_equals_the_one_worked_out_by_hand() -> None:
    """Every baseline in its order; the majority answer has one score and no sparsity."""
    table = baselines_table(frame(one_target()), ["pair"], fake_metrics.SPARSITY, 0)

    assert csv(table).decode() == EXPECTED


def test_targets_stand_in_the_order_of_the_config() -> None:
    """Each with all baselines."""
    tasks = ["sentence", "mlm", "pair"]

    found = baselines_table(frame(fake_metrics.study()), tasks, fake_metrics.SPARSITY, 0)

    assert list(zip(found["target"], found["baseline"], strict=True)) == [
        (task, name) for task in tasks for name in NAMES
    ]


@pytest.mark.parametrize(
    ("finder", "weights", "named"),
    [
        ("majority", "none", r"majority, weights none, on pair"),
        ("dense", "reinit", r"dense at sparsity 0\.0, weights reinit, on pair"),
        ("imp", "reinit", r"imp mask of pair .* weights reinit, on pair"),
        ("random", "theta_0", r"random at sparsity 0\.7, weights theta_0, on pair"),
    ],
)
def test_a_missing_baseline_is_named(finder: str, weights: str, named: str) -> None:
    """Which mask, which weights, which task."""
    rows = [row for row in one_target() if (row["finder"], row["weights"]) != (finder, weights)]

    with pytest.raises(BadInput, match=rf"no row for cell \({named}\)"):
        baselines_table(frame(rows), ["pair"], fake_metrics.SPARSITY, 0)


def test_the_readable_table_says_what_each_baseline_is() -> None:
    """A row of scores and a line of explanation each."""
    table = baselines_table(frame(one_target()), ["pair"], fake_metrics.SPARSITY, 0)
    lines = render(table).splitlines()

    assert lines[0].startswith("Baselines at 70 % sparsity, 3 seeds")
    assert "full        80.0 ± 2.0" in lines
    assert "majority           0.0" in lines
    assert [line.split(":")[0] for line in lines[-len(NAMES) :]] == NAMES


def test_the_command_writes_the_table_with_its_statement(tmp_path: Path) -> None:
    """The same table, for programs and to read."""
    metrics = fake_metrics.write(one_target(), tmp_path / "metrics.parquet")
    output = tmp_path / "tables" / "baselines.csv"
    parameters = {"tasks": ["pair"], "sparsity": "0.7", "rewind": "0.0"}

    done = make_table("baselines", tmp_path, parameters, {"metrics": metrics})

    assert done.returncode == 0, done.stderr
    assert provenance.read(output).decode() == EXPECTED
    assert "full        80.0 ± 2.0" in output.with_suffix(".txt").read_text()
