"""A study's tables with a row a seed, for tests that take the seeds as the sample."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pandas as pd

from tickets.methods import WITHOUT_TASK, is_combined
from tickets.tables import winning_tickets
from tickets.tables.cells import Cell, dense, select
from tickets.tables.claim_tables import CLAIM_TABLES

Row = Mapping[Any, Any]
Choice = Callable[[pd.DataFrame], "pd.Series[bool]"]
"""Whether a claim is about a row, for each row of a table."""


def by_seed(
    tables: Mapping[str, pd.DataFrame], metrics: Callable[[str], pd.DataFrame], rewind: float
) -> dict[str, pd.DataFrame]:
    """The rows of tables that claims are about, once a seed, with `seed` and `score` (percent).

    tables: as in their files, by name, without those that the study lacks. metrics: scores by the
    name of their file. rewind: that of the study's own masks, in percent.

    Raises:
        BadInput: a row's cell is missing.
    """
    cells: dict[str, tuple[Choice, Callable[[Row], Cell]]] = {
        "winning_tickets": (
            lambda rows: (rows["criterion"] == "within_std") & (rows["sparsity"] > 0),
            partial(_of_tickets, rewind=rewind),
        ),
        "sparsity_sweep": (lambda rows: rows["finder"].isin(["dense", "imp"]), _of_sweep),
        "rewinding": (lambda rows: rows["winning"].astype(bool), _of_rewinding),
        "transfer": (lambda rows: ~is_combined(rows), _of_transfer),
        "transfer_variants": (lambda rows: rows["variant"] == "weights", _of_later_weights),
    }
    return {
        name: _repeated(tables[name][is_judged(tables[name])], metrics(CLAIM_TABLES[name]), cell)
        for name, (is_judged, cell) in cells.items()
        if name in tables
    }


def _repeated(
    rows: pd.DataFrame, metrics: pd.DataFrame, cell: Callable[[Row], Cell]
) -> pd.DataFrame:
    scores = [select(metrics, cell(row)).by_seed for row in rows.to_dict("records")]
    repeated = rows.loc[rows.index.repeat([len(each) for each in scores])]
    return repeated.assign(
        seed=[seed for each in scores for seed in each.index],
        score=[score for each in scores for score in each],
    )


def _of_sweep(row: Row) -> Cell:
    """The cell of a row of sparsity_sweep.csv, of IMP or the full model."""
    task = row["task"]
    if row["finder"] == "dense":
        return dense(task)
    return Cell(finder=row["finder"], source=task, target=task, sparsity=row["sparsity"])


def _of_tickets(row: Row, rewind: float) -> Cell:
    """The cell of a row of winning_tickets.csv; `rewind` is the masks', in percent."""
    at = winning_tickets.AT[row["criterion"]]
    return winning_tickets.cells(row["task"], row["sparsity"], at, rewind)[row["network"]]


def _of_rewinding(row: Row) -> Cell:
    """The cell of a row of rewinding.csv."""
    own = {"source": row["task"], "target": row["task"], "sparsity": row["sparsity"]}
    if row["method"] == "standard":
        return Cell(finder="standard", weights="trained", **own)
    weights = "theta_i" if row["rewind"] else "theta_0"
    return Cell(finder="imp", weights=weights, rewind=row["rewind"], **own)


def _of_transfer(row: Row) -> Cell:
    """The cell of a row of transfer.csv."""
    source, to = row["source"], {"target": row["target"], "sparsity": row["sparsity"]}
    if source in WITHOUT_TASK:
        return Cell(finder=source, **to)
    return Cell(finder="imp", source=source, **to)


def _of_later_weights(row: Row) -> Cell:
    """The cell of a row of transfer_variants.csv of the variant `weights`."""
    return Cell(
        finder=row["finder"],
        source=row["source"],
        target=row["target"],
        sparsity=row["sparsity"],
        weights=row["weights"],
        rewind=None if pd.isna(row["rewind"]) else row["rewind"],
    )
