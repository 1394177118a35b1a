from __future__ import annotations

import io
import json
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fake_metrics
import statement_json
from fake_metrics import Rows, frame, trainings
from table_command import make_table
from tickets import provenance
from tickets.errors import BadInput
from tickets.methods import is_combined
from tickets.report_page.summaries import describe_transfer
from tickets.tables.cells import csv
from tickets.tables.transfer import COLUMNS, render, transfer_table, wide

TASKS = ("sentence", "pair")
PARAMETERS = {"tasks": TASKS, "sparsity": "0.7", "rewind": "0.0"}


def two_tasks() -> Rows:
    """Two tasks whose table can be worked out by hand."""
    return [
        *trainings("dense", "sentence", [90, 92, 94]),  # mean 92, standard deviation 2
        *trainings("imp", "sentence", [91, 91, 91], source="sentence"),
        *trainings("imp", "sentence", [90, 90, 90], source="pair"),  # just reaches 92 - 2
        *trainings("oneshot", "sentence", [89.9, 89.9, 90.1]),
        *trainings("random", "sentence", [50, 60, 70]),
        *trainings("dense", "pair", [50, 50, 50]),
        *trainings("imp", "pair", [49, 50, 51], source="sentence"),
        *trainings("imp", "pair", [49.7, 49.7, 49.7], source="pair"),
        *trainings("oneshot", "pair", [49.7, 49.7, 49.7]),
        *trainings("random", "pair", [0, 1, -1]),
    ]


def table_of(rows: Rows) -> pd.DataFrame:
    return transfer_table(frame(rows), TASKS, fake_metrics.SPARSITY, 0)


def test_a_target_that_the_full_model_has_not_learned_has_no_star() -> None:
    """Its margin over the majority answer has to be a point at the interval's lower end."""
    answers = [*fake_metrics.majority("sentence", 89.1), *fake_metrics.majority("pair", 49)]

    table = table_of([*two_tasks(), *answers])

    assert list(table.columns) == [*COLUMNS, "learned"]
    assert dict(zip(table["target"], table["learned"], strict=True)) == {
        "sentence": False,
        "pair": True,
    }
    stars = {line.split()[0]: line.count("*") for line in render(table).splitlines() if "±" in line}
    assert stars == {"Transfer": 0, "full": 0} | {
        "sentence": 1,
        "pair": 0,
        "oneshot": 0,
        "random": 0,
    }
    assert render(table).endswith("may be no better than a constant answer: sentence")
    assert describe_transfer(table).startswith("At 70 % pruned, 0 of 2 masks are winning tickets")
    assert describe_transfer(table).endswith("constant answer: sentence.")


def test_the_table_equals_the_one_worked_out_by_hand() -> None:
    """Every column of every row: means, sample deviations, differences, both criteria.

    The intervals go from a seed's least difference to the greatest: `fake_metrics.trainings`.
    """
    expected = """\
source,target,sparsity,metric,n,mean,std,full_mean,full_std,delta_full,low,high,delta_same_task,few_seeds,matches_full,matches_same_task
sentence,sentence,0.7000,accuracy,3,91.0000,0.0000,92.0000,2.0000,-1.0000,-3.0000,1.0000,0.0000,True,True,True
sentence,pair,0.7000,pearson,3,50.0000,1.0000,50.0000,0.0000,0.0000,-1.0000,1.0000,0.3000,True,True,True
pair,sentence,0.7000,accuracy,3,90.0000,0.0000,92.0000,2.0000,-2.0000,-4.0000,0.0000,-1.0000,True,True,False
pair,pair,0.7000,pearson,3,49.7000,0.0000,50.0000,0.0000,-0.3000,-0.3000,-0.3000,0.0000,True,False,True
oneshot,sentence,0.7000,accuracy,3,89.9667,0.1155,92.0000,2.0000,-2.0333,-3.9000,-0.1000,-1.0333,True,False,False
oneshot,pair,0.7000,pearson,3,49.7000,0.0000,50.0000,0.0000,-0.3000,-0.3000,-0.3000,0.0000,True,False,True
random,sentence,0.7000,accuracy,3,60.0000,10.0000,92.0000,2.0000,-32.0000,-40.0000,-24.0000,-31.0000,True,False,False
random,pair,0.7000,pearson,3,0.0000,1.0000,50.0000,0.0000,-50.0000,-51.0000,-49.0000,-49.7000,True,False,False
"""

    assert csv(table_of(two_tasks())).decode() == expected


def test_the_matrix_has_the_differences_and_counts_other_targets_only() -> None:
    """A mask always equals itself on its own task: that is no transfer and isn't counted."""
    expected = """\
source,sentence,pair,targets_at_least_same_task
sentence,-1.0000,0.0000,1
pair,-2.0000,-0.3000,0
oneshot,-2.0333,-0.3000,1
random,-32.0000,-50.0000,0
"""

    assert csv(wide(table_of(two_tasks()))).decode() == expected


def combined(name: str, target: str, scores: list[float]) -> Rows:
    """A combined mask on one task."""
    rows = trainings("combined", target, scores, source=name)
    return [row | {"mask_seed": row["seed"]} for row in rows]


def test_combined_masks_are_the_last_sources() -> None:
    """By name; nothing else changes, nor what is said of tasks' masks."""
    rows = two_tasks()
    for name, score in (("universal", 91), ("both", 49)):
        rows += [*combined(name, "sentence", [score] * 3), *combined(name, "pair", [score] * 3)]

    table = table_of(rows)

    before = table_of(two_tasks())
    pd.testing.assert_frame_equal(table.iloc[: len(before)], before)
    assert csv(table).decode().splitlines()[-4:] == [
        "both,sentence,0.7000,accuracy,3,49.0000,0.0000,92.0000,2.0000,"
        "-43.0000,-45.0000,-41.0000,-42.0000,True,False,False",
        "both,pair,0.7000,pearson,3,49.0000,0.0000,50.0000,0.0000,"
        "-1.0000,-1.0000,-1.0000,-0.7000,True,False,False",
        "universal,sentence,0.7000,accuracy,3,91.0000,0.0000,92.0000,2.0000,"
        "-1.0000,-3.0000,1.0000,0.0000,True,True,True",
        "universal,pair,0.7000,pearson,3,91.0000,0.0000,50.0000,0.0000,"
        "41.0000,41.0000,41.0000,41.3000,True,True,True",
    ]
    assert dict(wide(table).set_index("source")["targets_at_least_same_task"].tail(2)) == {
        "both": 0,
        "universal": 2,
    }
    assert is_combined(table).tolist() == [False] * len(before) + [True] * 4
    assert describe_transfer(table) == describe_transfer(before)
    assert [line.split()[0] for line in render(table).splitlines()[9:11]] == ["both", "universal"]


@settings(max_examples=10)
@given(st.permutations(range(len(two_tasks()))))
def test_the_order_of_the_metrics_is_of_no_consequence(order: list[int]) -> None:
    """Jobs end in any order; the table's bytes are the same."""
    rows = two_tasks()

    assert csv(table_of([rows[i] for i in order])) == csv(table_of(rows))


def test_rows_and_columns_stand_in_the_order_of_the_config() -> None:
    """Not in the alphabet's."""
    found = transfer_table(frame(two_tasks()), ("pair", "sentence"), fake_metrics.SPARSITY, 0)

    assert list(found.columns) == list(COLUMNS)
    assert list(found["source"].unique()) == ["pair", "sentence", "oneshot", "random"]
    assert list(wide(found).columns[1:3]) == ["pair", "sentence"]


@pytest.mark.parametrize(
    "other",
    [
        {"sparsity": 0.6},
        {"rewind": 10.0},
        {"weights": "theta_i"},
        {"mask_seed": 2},
        {"primary": False, "metric": "f1", "replicates": None},
        {"at": "winning", "sparsity": float("nan")},
    ],
)
def test_trainings_of_another_kind_do_not_enter_a_cell(other: dict[str, object]) -> None:
    """Another sparsity, rewinding point, weights, mask seed or secondary metric is another cell, a
    winning sparsity that is not known from the name is one too.
    """
    [decoy, *_] = trainings("imp", "sentence", [0], source="pair")

    assert csv(table_of([*two_tasks(), decoy | other])) == csv(table_of(two_tasks()))


def test_a_single_seed_has_no_deviation_and_must_reach_the_mean_itself() -> None:
    """The cell of the deviation stays empty; the criterion is the paper's stricter one."""
    single = [row for row in two_tasks() if row["seed"] == 1]
    found = table_of(single)

    assert found["std"].isna().all()
    assert csv(found).decode().splitlines()[1].split(",")[4:9] == [
        "1",
        "91.0000",
        "",
        "90.0000",
        "",
    ]
    assert list(found["matches_full"]) == [True, False, True, False, False, False, False, False]
    assert "±" not in render(found).split("\n", 1)[1]


def test_a_single_seed_has_an_interval_of_the_examples_alone() -> None:
    """Here they never vary."""
    found = table_of([row for row in two_tasks() if row["seed"] == 1])

    assert list(found["low"]) == list(found["high"]) == list(found["delta_full"])


def test_three_seeds_are_few_and_five_are_not() -> None:
    """As many in every cell."""
    rows = fake_metrics.study(spread=(-2, -1, 0, 1, 2), tasks=TASKS)

    assert table_of(two_tasks())["few_seeds"].all()
    assert not table_of(rows)["few_seeds"].any()


def test_a_missing_cell_is_named() -> None:
    """Source, target, weights and sparsity, in one line."""
    rows = [r for r in two_tasks() if (r["source_task"], r["target_task"]) != ("pair", "sentence")]

    with pytest.raises(
        BadInput, match=r"^.*imp mask of pair at sparsity 0\.7 .* weights theta_0, on sentence.*$"
    ):
        table_of(rows)


def test_a_cell_that_lacks_a_seed_is_named() -> None:
    """A mean over two seeds is not compared with a mean over three."""
    rows = [r for r in two_tasks() if (r["finder"], r["seed"]) != ("oneshot", 3)]

    with pytest.raises(BadInput, match=r"oneshot .* on sentence\) has seeds \[1, 2\].*\[1, 2, 3\]"):
        table_of(rows)


def test_two_rows_of_one_seed_are_refused() -> None:
    """A training counted twice would shrink the deviation."""
    rows = two_tasks()

    with pytest.raises(BadInput, match=r"dense .* on sentence\) has two rows of one seed"):
        table_of([*rows, rows[0]])


def test_a_score_that_is_not_a_number_is_refused() -> None:
    """Pandas would leave it out of the mean and say nothing."""
    rows = two_tasks()
    rows[1]["score"] = float("nan")

    with pytest.raises(BadInput, match=r"dense .* on sentence\) has a score that is not a number"):
        table_of(rows)


def test_the_readable_table_shows_every_score_and_marks_winning_tickets() -> None:
    """Scores with deviations under the full model's, a star where the criterion is met."""
    lines = render(table_of(two_tasks())).splitlines()
    rows = {line[:10].strip(): line[10:].split("  ") for line in lines[2:9]}
    cells = {name: [text.strip() for text in texts if text.strip()] for name, texts in rows.items()}

    assert cells["full model"] == ["92.0 ± 2.0", "50.0 ± 0.0"]
    assert cells["sentence"] == ["91.0 ± 0.0*", "50.0 ± 1.0*"]
    assert cells["pair"] == ["90.0 ± 0.0*", "49.7 ± 0.0"]
    assert cells["random"] == ["60.0 ± 10.0", "0.0 ± 1.0"]
    assert lines[0].startswith("Transfer at 70 % sparsity, 3 seeds")


def test_the_readable_table_never_exceeds_a_hundred_columns() -> None:
    """Many targets go on below, each under the sources' names; none is lost."""
    tasks = [f"task_number_{i}" for i in range(7)]
    table = transfer_table(frame(fake_metrics.study(tasks=tasks)), tasks, fake_metrics.SPARSITY, 0)

    text = render(table)

    assert max(map(len, text.splitlines())) <= 100
    heads = [
        line.removeprefix("mask of").split()
        for line in text.splitlines()
        if line.startswith("mask of")
    ]
    assert [len(head) for head in heads] == [5, 2]
    assert [task for head in heads for task in head] == tasks


def test_the_command_writes_all_tables_with_statements(tmp_path: Path) -> None:
    """Twice the same bytes; each statement knows its parameters and the metrics it read."""
    metrics = fake_metrics.write(two_tasks(), tmp_path / "metrics.parquet")
    runs: list[tuple[bytes, bytes]] = []
    for name in ("one", "two"):
        folder = tmp_path / name / "tables"
        table, matrix = folder / "transfer.csv", folder / "transfer_matrix.csv"
        done = make_table("transfer", tmp_path / name, PARAMETERS, {"metrics": metrics})
        assert done.returncode == 0, done.stderr
        runs.append((provenance.read(table), provenance.read(matrix)))

    assert runs[0] == runs[1]
    expected = table_of(two_tasks())
    assert table.with_suffix(".txt").read_text() == render(expected) + "\n"
    pd.testing.assert_frame_equal(pd.read_csv(io.BytesIO(runs[0][0])), expected, atol=1e-9)
    made = json.dumps(statement_json.definition(table))
    assert '"tasks": ["sentence", "pair"]' in made
    assert json.dumps(provenance.subject_digest(metrics)) in made


def test_the_command_ends_with_one_line_where_a_cell_is_missing(tmp_path: Path) -> None:
    """Exit status 1, nothing written."""
    rows = [row for row in two_tasks() if row["finder"] != "random"]
    metrics = fake_metrics.write(rows, tmp_path / "metrics.parquet")

    done = make_table("transfer", tmp_path, PARAMETERS, {"metrics": metrics})

    assert done.returncode == 1
    assert done.stderr.startswith("error: metrics: no row for cell (random")
    assert done.stderr.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "metrics.parquet",
        "metrics.parquet.prov.json",
    ]
