from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import fake_metrics
import statement_json
from fake_metrics import Rows, frame, trainings
from table_command import make_table
from tickets import files, provenance
from tickets.errors import BadInput
from tickets.tables.cells import csv
from tickets.tables.transfer_variants import COLUMNS, Grid, transfer_variants_table

TASKS = ("pair", "mlm")
FULL = {"pair": (80, 82, 84), "mlm": (50, 50, 50)}  # 82 ± 2 and 50 ± 0
GRID = Grid(
    tasks=TASKS,
    winning={("pair", "within_std"): "50", ("mlm", "within_std"): "0"},
    sparsities=(0.5, 0.7),
    mlm_tasks=("mlm",),
    later_sources=("pair",),
    rewinds=(10, 50),
    sparsity=0.7,
    rewind=0,
)


def study() -> tuple[Rows, dict[tuple[Any, ...], float]]:
    """All trainings of the grid, each cell with a mean of its own, which the second part has by
    finder, source, target, sparsity or at, weights and rewind.
    """
    rows = [row for task in TASKS for row in trainings("dense", task, FULL[task])]
    means: dict[tuple[Any, ...], float] = {}
    numbers = count(40)

    def add(
        finder: str, source: str | None, target: str, sparsity: float | str, **other: Any
    ) -> None:
        mean = float(next(numbers))
        about = {"weights": "theta_0", "rewind": 0.0 if finder == "imp" else None} | other
        found = trainings(finder, target, [mean - 1, mean, mean + 1], source=source)
        place = (
            {"sparsity": float("nan"), "at": sparsity}
            if isinstance(sparsity, str)
            else {"sparsity": sparsity}
        )
        rows.extend(row | about | place for row in found)
        means[finder, source, target, sparsity, about["weights"], about["rewind"]] = mean

    for target in TASKS:
        for sparsity in (0.5, 0.7):
            for source in TASKS:
                add("imp", source, target, sparsity)
            add("oneshot", None, target, sparsity)
        for rewind in (10.0, 50.0):
            add("imp", "pair", target, 0.7, weights="theta_i", rewind=rewind)
        add("standard", "pair", target, 0.7, weights="trained")
    add("imp", "pair", "mlm", "winning")
    add("imp", "mlm", "pair", "winning")
    return rows, means


def found(grid: Grid = GRID) -> pd.DataFrame:
    return transfer_variants_table(frame(study()[0]), grid)


def numbers(table: pd.DataFrame, **identity: object) -> Mapping[str, Any]:
    """The one row that a table has of these."""
    for name, value in identity.items():
        table = table[table[name] == value]
    [row] = table.to_dict("records")
    return {str(name): value for name, value in row.items()}


def test_every_mean_is_that_of_the_training_it_names() -> None:
    """Looked up in the list that the trainings were made from, row by row."""
    means = study()[1]
    full = {"pair": 82.0, "mlm": 50.0}
    table = found()

    for row in table.to_dict("records"):
        source = None if row["source"] == "oneshot" else row["source"]
        at: object = row["sparsity"]
        if row["variant"] == "winning" and source != row["target"]:
            at = "winning"
        rewind = None if pd.isna(row["rewind"]) else row["rewind"]
        name = (row["finder"], source, row["target"], at, row["weights"], rewind)
        expected = full[row["target"]] if row["finder"] == "dense" else means[name]
        assert row["mean"] == expected, row
        assert row["delta_full"] == expected - full[row["target"]]


def test_the_rows_stand_in_a_fixed_order() -> None:
    """Winning, sweep, weights; each in the order of the flags, standard pruning last."""
    table = found()

    kinds = table.drop_duplicates(["variant", "finder", "source", "sparsity", "weights", "rewind"])
    columns = kinds[["variant", "finder", "source", "sparsity", "weights"]]
    assert list(columns.itertuples(index=False, name=None)) == [
        ("winning", "imp", "pair", 0.5, "theta_0"),
        ("winning", "imp", "mlm", 0.0, "theta_0"),
        ("winning", "dense", "mlm", 0.0, "theta_0"),
        ("sweep", "imp", "mlm", 0.5, "theta_0"),
        ("sweep", "imp", "mlm", 0.7, "theta_0"),
        ("sweep", "oneshot", "oneshot", 0.5, "theta_0"),
        ("sweep", "oneshot", "oneshot", 0.7, "theta_0"),
        ("weights", "imp", "pair", 0.7, "theta_i"),
        ("weights", "imp", "pair", 0.7, "theta_i"),
        ("weights", "standard", "pair", 0.7, "trained"),
    ]
    assert list(table["target"]) == list(TASKS) * 9
    assert list(table.loc[table["weights"] == "theta_i", "rewind"]) == [10, 10, 50, 50]
    assert table.loc[table["finder"].isin(["oneshot", "standard", "dense"]), "rewind"].isna().all()
    assert tuple(table.columns) == COLUMNS


def test_a_mask_is_compared_with_the_targets_own_at_the_same_point() -> None:
    """Winning: at the target's winning sparsity; sweep: at the row's; weights: at transfer's."""
    means = study()[1]
    table = found()

    def own(target: str, sparsity: float) -> float:
        return means["imp", target, target, sparsity, "theta_0", 0.0]

    row = numbers(table, variant="winning", source="mlm", target="pair")
    assert row["delta_same_task"] == row["mean"] - own("pair", 0.5)
    row = numbers(table, variant="winning", source="pair", target="mlm")
    assert row["delta_same_task"] == row["mean"] - 50  # the full model: mlm has no winning ticket
    row = numbers(table, variant="sweep", source="oneshot", target="mlm", sparsity=0.5)
    assert row["delta_same_task"] == row["mean"] - own("mlm", 0.5)
    row = numbers(table, variant="weights", weights="trained", target="pair")
    assert row["delta_same_task"] == row["mean"] - own("pair", 0.7)
    assert row["matches_same_task"] == (row["mean"] >= own("pair", 0.7))


def test_the_columns_of_transfer_csv_are_those_of_the_hand() -> None:
    """Mean, deviation, interval over the seeds' differences, both criteria."""
    rows, _ = study()
    for row, score in zip(
        [row for row in rows if row["at"] == "winning" and row["target_task"] == "pair"],
        (79.5, 80, 80.5),
        strict=True,
    ):
        row |= {"score": score, "replicates": [score] * fake_metrics.REPLICATES}
    table = transfer_variants_table(frame(rows), GRID)

    expected = {
        "finder": "imp",
        "weights": "theta_0",
        "rewind": 0.0,
        "metric": "pearson",
        "n": 3,
        "mean": 80.0,
        "std": 0.5,
        "full_mean": 82.0,
        "full_std": 2.0,
        "delta_full": -2.0,
        "low": -3.5,  # the third seed's difference alone
        "high": -0.5,  # the first one's
        "few_seeds": True,
        "matches_full": True,  # just reaches 82 - 2
        "matches_same_task": True,
    }
    row = numbers(table, variant="winning", source="mlm", target="pair")
    assert {name: row[name] for name in expected} == expected


def test_nothing_is_asked_of_variants_that_a_study_lacks() -> None:
    """Without MLM and later weights: winning sparsities and the one-shot mask."""
    grid = Grid(**(vars(GRID) | {"mlm_tasks": (), "later_sources": (), "rewinds": ()}))

    table = found(grid)

    assert list(table["source"].unique()) == ["pair", "mlm", "oneshot"]
    assert "weights" not in set(table["variant"])


def test_a_missing_training_is_named() -> None:
    """Mask, weights and target."""
    rows = [row for row in study()[0] if row["finder"] != "standard"]

    with pytest.raises(BadInput, match=r"standard mask of pair .* weights trained, on pair"):
        transfer_variants_table(frame(rows), GRID)


def test_a_task_without_a_winning_sparsity_is_named() -> None:
    """Within one standard deviation: the stricter criterion's is another."""
    grid = Grid(
        **(vars(GRID) | {"winning": {("pair", "within_std"): "50", ("mlm", "strict"): "0"}})
    )

    with pytest.raises(BadInput, match=r"winning_sparsities.csv: no row for mlm, within_std"):
        found(grid)


def test_the_command_writes_the_table_with_its_statement(tmp_path: Path) -> None:
    """Sparsities are percent, as paths write them."""
    metrics = fake_metrics.write(study()[0], tmp_path / "metrics.parquet")
    winning = tmp_path / "winning.csv"
    files.write_bytes(
        winning,
        b"task,criterion,sparsity\npair,within_std,50\npair,strict,0\n"
        b"mlm,within_std,0\nmlm,strict,0\n",
    )
    fake_metrics.state(winning)
    table = tmp_path / "tables" / "transfer_variants.csv"
    parameters = {"tasks": TASKS, "sparsity": "0.7", "rewind": "0.0", "sparsities": ["50", "70"]}
    parameters |= {"mlm_tasks": ["mlm"], "sources": ["pair"], "rewinds": ["10.0", "50.0"]}
    inputs = {"metrics": metrics, "winning_sparsities": winning}

    done = make_table("transfer_variants", tmp_path, parameters, inputs)

    assert done.returncode == 0, done.stderr
    assert provenance.read(table) == csv(found())
    made = statement_json.definition(table)
    assert made["externalParameters"]["sources"] == ["pair"]
    assert {"metrics", "winning_sparsities"} <= {
        each["name"] for each in made["resolvedDependencies"]
    }
    figure = tmp_path / "figures" / "transfer_sweep.svg"
    assert provenance.subject_digest(metrics) in str(statement_json.statement(figure))
