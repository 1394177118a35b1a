"""Essential sparsity: by hand, by all resamples of three seeds, and at both ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from statistics import fmean, stdev

import pandas as pd
import pytest

import fake_metrics
from fake_metrics import Rows, frame, trainings
from fake_tickets import own, universal
from table_command import make_table
from tickets import provenance
from tickets.errors import BadInput
from tickets.tables.cells import csv
from tickets.tables.essential_sparsity import essential_sparsity_table, render

FULL = [78, 80, 82]  # mean 80, standard deviation 2
LABELS = ["10", "20", "30", "40"]
SPARSITIES = [0.1, 0.2, 0.3, 0.4]
SCORES: dict[str, list[list[float]]] = {
    # Lower at 30 %, and higher again: the first drop counts.
    "oneshot": [[80, 81, 82], [76, 78, 80], [77, 77, 77], [90, 90, 90]],
    "imp": [[80, 81, 82], [82, 81, 80], [81, 81, 81], [79, 81, 83]],
    "random": [[70, 71, 72], [60, 61, 62], [80, 80, 80], [1, 2, 3]],
}

# With three seeds the interval goes from the least value of a resample to the greatest.
EXPECTED = """\
task,finder,metric,n,full_mean,full_std,sparsity,low,high,drops_at
pair,imp,pearson,3,80.0000,2.0000,0.4000,0.1000,0.4000,
pair,oneshot,pearson,3,80.0000,2.0000,0.2000,0.1000,0.2000,0.3000
pair,random,pearson,3,80.0000,2.0000,0.0000,0.0000,0.0000,0.1000
"""

TEXT = """\
Essential sparsity, 3 seeds: per cent (95 % interval)

                  pair          other
imp      40 (10 to 40)  40 (10 to 40)
oneshot  20 (10 to 20)  20 (10 to 20)
random      0 (0 to 0)     0 (0 to 0)"""


def rows_of(finder: str, scores: Sequence[Sequence[float]]) -> Rows:
    """A finder's trainings at all sparsities."""
    return [
        row
        for sparsity, of_seeds in zip(SPARSITIES, scores, strict=True)
        for row in (
            own("pair", sparsity, of_seeds)
            if finder == "imp"
            else universal(finder, "pair", sparsity, of_seeds)
        )
    ]


def study(scores: Mapping[str, Sequence[Sequence[float]]] = SCORES) -> Rows:
    rows = trainings("dense", "pair", FULL)
    return [*rows, *(row for finder, of in scores.items() for row in rows_of(finder, of))]


def table_of(rows: Rows, finders: Sequence[str] = ("oneshot", "random")) -> pd.DataFrame:
    return essential_sparsity_table(frame(rows), ["pair"], finders, LABELS, 0)


def value(full: Sequence[float], scores: Sequence[Sequence[float]]) -> float:
    """The rule, step by step."""
    bound = fmean(full) - (stdev(full) if len(full) > 1 else 0)
    reached = 0.0
    for sparsity, of_seeds in zip(SPARSITIES, scores, strict=True):
        if fmean(of_seeds) < bound - 1e-9:
            break
        reached = sparsity
    return reached


def test_the_text_shows_it() -> None:
    """Finders down, tasks across."""
    table = table_of(study())

    assert render(pd.concat([table, table.assign(task="other")])) == TEXT


def test_the_table_equals_the_one_worked_out_by_hand() -> None:
    """IMP first: no drop; one-shot's at 30 %; random's at once."""
    assert csv(table_of(study())).decode() == EXPECTED


@pytest.mark.parametrize("finder", SCORES)
def test_the_interval_is_of_the_rule_on_resampled_seeds(finder: str) -> None:
    """Of the 27 resamples of three seeds each has 3.7 %, more than an end cuts off."""
    found = [
        value([FULL[i] for i in seeds], [[of[i] for i in seeds] for of in SCORES[finder]])
        for seeds in product(range(3), repeat=3)
    ]

    [row] = table_of(study()).query("finder == @finder").to_dict("records")
    assert (row["low"], row["high"]) == (min(found), max(found))
    assert row["sparsity"] == value(FULL, SCORES[finder])


def test_examples_are_resampled_too() -> None:
    """Where scores vary with the examples, so does the sparsity; an end is one of the study's."""
    rows = [*trainings("dense", "pair", [80] * 3), *rows_of("imp", [[80] * 3] * 4)]
    for row in rows:
        if row["finder"] == "imp" and row["sparsity"] == 0.3:
            row["replicates"] = [80.0, 60.0] * 500

    [row] = table_of(rows, ()).to_dict("records")

    assert (row["sparsity"], row["low"], row["high"]) == (0.4, 0.2, 0.4)


def test_a_single_seed_has_to_reach_the_full_models_score() -> None:
    """And its interval is of the examples alone, which never vary here."""
    scores = {"imp": [[78], [78.0], [77.9], [78]]}
    rows = [row for row in study() if row["finder"] == "dense" and row["seed"] == 1]
    rows += rows_of("imp", scores["imp"])

    [row] = table_of(rows, ()).to_dict("records")

    assert (row["sparsity"], row["low"], row["high"], row["drops_at"]) == (0.2, 0.2, 0.2, 0.3)


def test_a_finder_of_a_task_is_followed_on_its_own() -> None:
    """SNIP's mask of another task has no place here."""
    snip = [
        row | {"source_task": source}
        for source, score in (("pair", 80), ("sentence", 10))
        for row in rows_of("snip", [[score] * 3] * 4)
    ]

    table = table_of([*study(), *snip], ("snip",))

    assert list(table["finder"]) == ["imp", "snip"]
    assert list(table["sparsity"]) == [0.4, 0.4]


def test_a_missing_sparsity_is_named() -> None:
    """Nothing is said of a curve with gaps."""
    rows = [row for row in study() if (row["finder"], row["sparsity"]) != ("random", 0.2)]

    with pytest.raises(BadInput, match=r"no row for cell \(random at sparsity 0\.2"):
        table_of(rows)


def test_the_command_writes_the_table(tmp_path: Path) -> None:
    """From the scores of the sweep."""
    metrics = fake_metrics.write(study(), tmp_path / "metrics.parquet")
    parameters = {"tasks": ["pair"], "finders": ["oneshot", "random"], "rewind": "0"}
    parameters |= {"sparsities": LABELS}

    done = make_table("essential_sparsity", tmp_path, parameters, {"metrics/sweep": metrics})

    assert done.returncode == 0, done.stderr
    assert provenance.read(tmp_path / "tables/essential_sparsity.csv").decode() == EXPECTED
