from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import fake_metrics
import statement_json
from fake_metrics import Rows, frame, trainings
from fake_tickets import changed, own, universal
from table_command import make_table
from tickets import provenance
from tickets.errors import BadInput
from tickets.paths import Results
from tickets.tables.cells import csv
from tickets.tables.sparsity_sweep import render, sweep_table

FINDERS = ("oneshot", "random")

# Three seeds whose replicates are their scores: an interval goes from the least difference to the
# greatest.
EXPECTED = """\
task,finder,sparsity,metric,n,mean,std,full_mean,full_std,delta_full,low,high,wins,wins_strict
pair,dense,0.0000,pearson,3,80.0000,2.0000,80.0000,2.0000,0.0000,,,True,True
pair,imp,0.1000,pearson,3,81.0000,1.0000,80.0000,2.0000,1.0000,0.0000,2.0000,True,True
pair,imp,0.1900,pearson,3,78.0000,2.0000,80.0000,2.0000,-2.0000,-2.0000,-2.0000,True,False
pair,oneshot,0.1000,pearson,3,77.0000,0.0000,80.0000,2.0000,-3.0000,-5.0000,-1.0000,False,False
pair,oneshot,0.1900,pearson,3,60.0000,0.0000,80.0000,2.0000,-20.0000,-22.0000,-18.0000,False,False
pair,random,0.1000,pearson,3,40.0000,2.0000,80.0000,2.0000,-40.0000,-40.0000,-40.0000,False,False
pair,random,0.1900,pearson,3,1.0000,1.0000,80.0000,2.0000,-79.0000,-80.0000,-78.0000,False,False
"""

TEXT = """\
Masks on their own task, 3 seeds: mean ± standard deviation, per cent
*: at least the full model's mean less one standard deviation

mean over tasks of the difference from the full model (points)
          10 %   19 %
imp       +1.0   -2.0
oneshot   -3.0  -20.0
random   -40.0  -79.0

pair (pearson); full model 80.0 ± 2.0
               10 %         19 %
imp      81.0 ± 1.0*  78.0 ± 2.0*
oneshot  77.0 ± 0.0   60.0 ± 0.0
random   40.0 ± 2.0    1.0 ± 1.0"""


def one_task() -> Rows:
    """One task whose table can be worked out by hand."""
    return [
        *trainings("dense", "pair", [78, 80, 82]),
        *own("pair", 0.1, [80, 81, 82]),
        *own("pair", 0.19, [76, 78, 80]),
        *universal("oneshot", "pair", 0.1, [77, 77, 77]),
        *universal("oneshot", "pair", 0.19, [60, 60, 60]),
        *universal("random", "pair", 0.1, [38, 40, 42]),
        *universal("random", "pair", 0.19, [0, 1, 2]),
    ]


def table_of(rows: Rows, finders: tuple[str, ...] = FINDERS) -> pd.DataFrame:
    return sweep_table(frame(rows), ["pair"], finders, ["10", "19"], 0)


def test_the_table_equals_the_one_worked_out_by_hand() -> None:
    """The full model, then every finder in its order, each at every sparsity."""
    assert csv(table_of(one_task())).decode() == EXPECTED


def test_the_text_shows_it() -> None:
    """Finders down, sparsities across, and above all the mean over tasks."""
    one = table_of(one_task())
    other = one.assign(task="other", delta_full=one["delta_full"] - 10)
    both = render(pd.concat([one, other]), "Both").splitlines()

    assert render(one, "Masks on their own task") == TEXT
    assert both[5] == "imp       -4.0   -7.0"
    assert [line for line in both if "; full model " in line] == [
        "pair (pearson); full model 80.0 ± 2.0",
        "other (pearson); full model 80.0 ± 2.0",
    ]


def test_masks_of_a_finder_in_rounds_are_those_of_the_studys_rewind() -> None:
    """As IMP's; others are left out."""
    rows = one_task()
    for sparsity, scores in ((0.1, [50, 51, 52]), (0.19, [40, 41, 42])):
        found = [row | {"finder": "movement_imp"} for row in own("pair", sparsity, scores)]
        rows += [*found, *(row | {"rewind": 50.0, "score": 99.0} for row in found)]

    table = table_of(rows, ("movement_imp",))

    assert table.loc[table["finder"] == "movement_imp", "mean"].tolist() == [51, 41]


def test_only_the_finders_asked_for_are_followed() -> None:
    """IMP always is."""
    table = table_of(one_task(), ("random",))

    assert list(table["finder"].unique()) == ["dense", "imp", "random"]


def test_a_finder_that_belongs_to_a_task_is_followed_on_its_own() -> None:
    """SNIP's mask of another task has no place here."""
    snip = [
        row | {"source_task": source}
        for source, score in (("pair", 70), ("sentence", 10))
        for sparsity in (0.1, 0.19)
        for row in universal("snip", "pair", sparsity, [score, score, score])
    ]

    table = table_of([*one_task(), *snip], ("snip",))

    assert list(table[table["finder"] == "snip"]["mean"]) == [70, 70]


@pytest.mark.parametrize(
    "other",
    [{"source_task": "sentence"}, {"rewind": 10.0}, {"weights": "reinit"}, {"at": "winning"}],
)
def test_trainings_of_another_kind_do_not_enter(other: dict[str, object]) -> None:
    """Another source, rewind or weights."""
    decoys = changed(own("pair", 0.1, [0, 0, 0]), **other)

    assert csv(table_of([*one_task(), *decoys])).decode() == EXPECTED


def test_with_one_seed_bands_are_empty_and_the_full_score_has_to_be_reached() -> None:
    """78 against 78 wins; 77 does not."""
    table = table_of([row for row in one_task() if row["seed"] == 1])

    assert table["std"].isna().all()
    assert table["full_std"].isna().all()
    assert list(table["wins"]) == [True, True, False, False, False, False, False]
    assert list(table["wins"]) == list(table["wins_strict"])


def test_a_missing_sparsity_is_named() -> None:
    """A line has no gaps."""
    rows = [row for row in one_task() if (row["finder"], row["sparsity"]) != ("random", 0.19)]

    with pytest.raises(BadInput, match=r"no row for cell \(random at sparsity 0\.19"):
        table_of(rows)


def test_the_command_writes_the_table_and_its_figure(tmp_path: Path) -> None:
    """Each with its statement, twice the same bytes."""
    metrics = fake_metrics.write(one_task(), tmp_path / "metrics.parquet")
    parameters = {"tasks": ["pair"], "finders": FINDERS, "sparsities": ["10", "19"], "rewind": "0"}
    runs: list[list[bytes]] = []
    for name in ("one", "two"):
        files = Results(root=str(tmp_path / name))
        outputs = [files.table("sparsity_sweep")]
        outputs += [files.figure("sparsity_sweep", kind) for kind in ("svg", "png")]
        done = make_table("sparsity_sweep", tmp_path / name, parameters, {"metrics": metrics})
        assert done.returncode == 0, done.stderr
        runs.append([provenance.read(Path(output)) for output in outputs])

    assert runs[0] == runs[1]
    assert runs[0][0].decode() == EXPECTED
    assert provenance.subject_digest(metrics) in str(statement_json.statement(Path(outputs[1])))
