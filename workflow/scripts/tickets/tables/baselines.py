"""Baselines that a ticket is compared with, on each target task (Table 2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tickets.design import experiments
from tickets.design.metrics import Metrics
from tickets.design.parameters import REWIND, SPARSITY, TASKS
from tickets.design.table_spec import TableSpec
from tickets.methods import NETWORKS
from tickets.tables.cells import Cell, constant, dense, frame, select, select_paired
from tickets.terminal import blocks, metric_label, percent, score, seeds

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("target", "baseline", "sparsity", "metric", "n", "mean", "std")


def baselines_table(
    metrics: pd.DataFrame, tasks: Sequence[str], sparsity: float, rewind: float
) -> pd.DataFrame:
    """One row per target and baseline, in percent, in the order of `tasks` and `cells`.

    The majority answer has one score and no sparsity; the others have one score per seed.
    `rewind` is the masks', in percent.

    Raises:
        BadInput: a cell is missing, or its seeds differ from the full model's.
    """
    rows: list[tuple[object, ...]] = []
    for target in tasks:
        for name, cell in cells(target, sparsity, rewind).items():
            scores = (select if name == "majority" else select_paired)(metrics, cell)
            rows.append(
                (target, name, cell.sparsity, scores.metric, scores.n, scores.mean, scores.std)
            )
    return frame(rows, COLUMNS).astype({"sparsity": float})


def cells(target: str, sparsity: float, rewind: float) -> dict[str, Cell]:
    """The cell of each baseline of a target."""
    own = Cell(finder="imp", source=target, target=target, sparsity=sparsity, rewind=rewind)
    return {
        "majority": constant(target),
        "full": dense(target),
        "imp": own,
        "random": Cell(finder="random", target=target, sparsity=sparsity),
        "oneshot": Cell(finder="oneshot", target=target, sparsity=sparsity),
        "imp_reinit": replace(own, weights="reinit"),
        "reinit": replace(dense(target), weights="reinit"),
    }


def render(table: pd.DataFrame) -> str:
    """The table as text, with an explanation of each baseline."""
    columns: list[list[str]] = []
    for target, rows in table.groupby("target", sort=False):
        scores = [score(mean, std) for mean, std in zip(rows["mean"], rows["std"], strict=True)]
        columns.append([f"{target} ", metric_label(rows["metric"].iloc[0]), *scores])
    names = table["baseline"].unique()
    trained = table[table["baseline"] != "majority"]
    lines = [
        f"Baselines at {percent(table['sparsity'].max())} sparsity, {seeds(trained['n'])}: "
        "mean ± standard deviation, percent",
        *blocks(["baseline", "", *names], columns),
        "",
        *(f"{name}: {NETWORKS[name]}" for name in names),
    ]
    return "\n".join(lines)


TABLE = TableSpec(
    name="baselines",
    position=20,
    metrics=Metrics(trainings=experiments.baselines, majority=True),
    parameters={"tasks": TASKS, "sparsity": SPARSITY, "rewind": REWIND},
    make=lambda inputs: baselines_table(
        inputs.metrics(), inputs["tasks"], inputs.number("sparsity"), inputs.number("rewind")
    ),
    render=lambda table, _: render(table),
)
