from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import fake_metrics
import statement_json
from fake_metrics import Rows, frame, trainings
from fake_tickets import changed, own
from table_command import make_table
from tickets import provenance
from tickets.errors import BadInput
from tickets.tables.cells import csv
from tickets.tables.rewinding import render, rewinding_table

PARAMETERS = {"tasks": ["pair"], "sparsities": ["10", "20"], "rewinds": ["5.0", "50.0"]}

# Three seeds whose replicates are their scores: an interval goes from the least difference to the
# greatest.
EXPECTED = """\
task,method,rewind,sparsity,winning,metric,n,mean,std,delta_rewind_0,low,high
pair,imp,0.0000,0.1000,False,pearson,3,81.0000,1.0000,0.0000,,
pair,imp,0.0000,0.2000,True,pearson,3,78.0000,2.0000,0.0000,,
pair,imp,5.0000,0.1000,False,pearson,3,82.0000,0.0000,1.0000,0.0000,2.0000
pair,imp,5.0000,0.2000,True,pearson,3,77.0000,2.0000,-1.0000,-1.0000,-1.0000
pair,imp,50.0000,0.1000,False,pearson,3,80.0000,1.0000,-1.0000,-1.0000,-1.0000
pair,imp,50.0000,0.2000,True,pearson,3,74.0000,2.0000,-4.0000,-4.0000,-4.0000
pair,standard,,0.1000,False,pearson,3,83.0000,1.0000,2.0000,2.0000,2.0000
pair,standard,,0.2000,True,pearson,3,79.0000,4.0000,1.0000,-1.0000,3.0000
"""


def later(task: str, rewind: float, sparsity: float, scores: list[float]) -> Rows:
    """A ticket of the task itself, from weights of its own training."""
    return own(task, sparsity, scores, rewind=rewind, weights="theta_i")


def standard(task: str, sparsity: float, scores: list[float]) -> Rows:
    """Standard pruning on the task: no rewind; the mask is of the training's own seed."""
    rows = trainings("standard", task, scores, weights="trained", source=task)
    return [row | {"sparsity": sparsity, "mask_seed": row["seed"]} for row in rows]


def one_task() -> Rows:
    """One task whose table can be worked out by hand; its ticket wins up to 20 %."""
    return [
        *trainings("dense", "pair", [78, 80, 82]),  # mean 80, standard deviation 2
        *own("pair", 0.1, [80, 81, 82]),
        *own("pair", 0.2, [76, 78, 80]),
        *later("pair", 5, 0.1, [82, 82, 82]),
        *later("pair", 5, 0.2, [75, 77, 79]),
        *later("pair", 50, 0.1, [79, 80, 81]),
        *later("pair", 50, 0.2, [72, 74, 76]),
        *standard("pair", 0.1, [82, 83, 84]),
        *standard("pair", 0.2, [75, 79, 83]),
    ]


def table_of(rows: Rows, sparsities: tuple[str, ...] = ("10", "20")) -> pd.DataFrame:
    return rewinding_table(frame(rows), ["pair"], sparsities, [5, 50])


def test_the_table_equals_the_one_worked_out_by_hand() -> None:
    """Rewinding to theta_0, to later weights, and standard pruning, which has no rewind."""
    assert csv(table_of(one_task())).decode() == EXPECTED


def test_of_several_winning_sparsities_the_highest_in_the_table_is_marked() -> None:
    """With 10 % alone, it is that; beyond the table, nothing is."""
    beyond = own("pair", 0.9, [80, 80, 80])

    assert csv(table_of([*one_task(), *beyond])).decode() == EXPECTED
    assert table_of(one_task(), ("10",))["winning"].all()


def test_only_tickets_rewound_to_theta_0_decide_which_is_marked() -> None:
    """Those rewound later, and standard pruning, may win at 20 % all the same."""
    rows = [
        row | ({"score": 1.0} if (row["weights"], row["sparsity"]) == ("theta_0", 0.2) else {})
        for row in one_task()
    ]
    rows = [row | ({"score": 99.0} if row["weights"] != "theta_0" else {}) for row in rows]

    table = table_of(rows)

    assert set(table.loc[table["winning"], "sparsity"]) == {0.1}


def test_where_no_ticket_wins_no_sparsity_is_marked() -> None:
    """Nor does a single method's absence of a winner empty the table."""
    rows = [row | ({"score": 1.0} if row["finder"] == "imp" else {}) for row in one_task()]

    table = table_of(rows)

    assert not table["winning"].any()
    assert len(table) == 8


@pytest.mark.parametrize(
    "other",
    [
        {"source_task": "sentence"},
        {"rewind": 10.0},
        {"weights": "theta_0"},
        {"weights": "trained"},
        {"mask_seed": 9},
    ],
)
def test_trainings_of_another_kind_do_not_enter(other: dict[str, object]) -> None:
    """Another source, rewind, weights or mask seed."""
    decoys = changed(later("pair", 5, 0.1, [0, 0, 0]), **other)

    assert csv(table_of([*one_task(), *decoys])).decode() == EXPECTED


@pytest.mark.parametrize(
    ("rows", "named"),
    [
        ({"finder": "standard"}, r"standard mask of pair at sparsity 0\.1, weights trained"),
        ({"rewind": 50.0}, r"imp mask of pair .* rewound to percent 50, weights theta_i"),
    ],
)
def test_a_missing_method_is_named(rows: dict[str, object], named: str) -> None:
    """Which mask, which weights."""
    [(column, value)] = rows.items()

    with pytest.raises(BadInput, match=rf"no row for cell \({named}"):
        table_of([row for row in one_task() if row[column] != value])


def test_the_readable_table_has_sparsities_down_and_methods_across() -> None:
    """A star at the winning sparsity; standard pruning is what never rewinds."""
    text = render(table_of(one_task()))
    lines = [" ".join(line.split()) for line in text.splitlines()]

    assert lines[0].startswith("Rewinding, 3 seeds")
    assert lines[-4:] == [
        "pair (pearson)",
        "pruned rewind 0 % rewind 5 % rewind 50 % no rewinding",
        "10 % 81.0 ± 1.0 82.0 ± 0.0 80.0 ± 1.0 83.0 ± 1.0",
        "20 %* 78.0 ± 2.0 77.0 ± 2.0 74.0 ± 2.0 79.0 ± 4.0",
    ]


def test_the_command_writes_tables_and_figure(tmp_path: Path) -> None:
    """Each with its statement, twice the same bytes."""
    metrics = fake_metrics.write(one_task(), tmp_path / "metrics.parquet")
    runs: list[list[bytes]] = []
    for name in ("one", "two"):
        table = tmp_path / name / "tables" / "rewinding.csv"
        figures = [tmp_path / name / "figures" / f"rewinding.{kind}" for kind in ("svg", "png")]
        done = make_table("rewinding", tmp_path / name, PARAMETERS, {"metrics": metrics})
        assert done.returncode == 0, done.stderr
        outputs = (table, table.with_suffix(".txt"), *figures)
        runs.append([provenance.read(output) for output in outputs])

    assert runs[0] == runs[1]
    assert runs[0][0].decode() == EXPECTED
    assert runs[0][1].decode() == render(table_of(one_task())) + "\n"
    assert provenance.subject_digest(metrics) in str(statement_json.statement(table))
