"""The table of frozen weights, by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from fake_metrics import Rows, frame, trainings
from fake_tickets import changed, own
from tickets.errors import BadInput
from tickets.tables.cells import csv
from tickets.tables.freezing import freezing_table

EXPECTED = """\
task,finder,sparsity,metric,n,mean,std,full_mean,full_std,delta_full,low,high,wins,wins_strict
pair,dense,0.0000,pearson,3,80.0000,2.0000,80.0000,2.0000,0.0000,,,True,True
pair,change,0.5000,pearson,3,81.0000,1.0000,80.0000,2.0000,1.0000,0.0000,2.0000,True,True
pair,change,0.9000,pearson,3,78.0000,2.0000,80.0000,2.0000,-2.0000,-2.0000,-2.0000,True,False
pair,random,0.5000,pearson,3,77.0000,0.0000,80.0000,2.0000,-3.0000,-5.0000,-1.0000,False,False
pair,random,0.9000,pearson,3,40.0000,2.0000,80.0000,2.0000,-40.0000,-40.0000,-40.0000,False,False
"""


def frozen(finder: str, sparsity: float, scores: list[float], source: str | None) -> Rows:
    rows = trainings(finder, "pair", scores, weights="theta_0/freeze", source=source)
    return [row | {"sparsity": sparsity, "mask_seed": row["seed"]} for row in rows]


def one_task() -> Rows:
    return [
        *trainings("dense", "pair", [78, 80, 82]),
        *frozen("change", 0.5, [80, 81, 82], "pair"),
        *frozen("change", 0.9, [76, 78, 80], "pair"),
        *frozen("random", 0.5, [77, 77, 77], None),
        *frozen("random", 0.9, [38, 40, 42], None),
    ]


def table_of(rows: Rows) -> pd.DataFrame:
    return freezing_table(frame(rows), ["pair"], ["50", "90"])


def test_the_table_equals_the_one_worked_out_by_hand() -> None:
    """The full model, then both masks, each at every sparsity."""
    assert csv(table_of(one_task())).decode() == EXPECTED


def test_pruned_weights_that_are_zero_do_not_enter() -> None:
    """The same masks with their usual meaning, another source, another finder."""
    decoys = [
        *changed(frozen("random", 0.5, [0, 0, 0], None), weights="theta_0"),
        *changed(frozen("change", 0.5, [0, 0, 0], "pair"), source_task="mlm"),
        *own("pair", 0.5, [0, 0, 0]),
    ]

    assert csv(table_of([*one_task(), *decoys])).decode() == EXPECTED


def test_a_missing_cell_is_named() -> None:
    rows = [row for row in one_task() if row["finder"] != "random"]

    with pytest.raises(BadInput, match=r"random at sparsity 0\.5, weights theta_0/freeze, on pair"):
        table_of(rows)
