"""Sparsity sweep: scores of each finder's masks on their own task, at increasing sparsity."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from tickets.design import experiments
from tickets.design.metrics import Metrics
from tickets.design.parameters import REWIND, SPARSITIES, TASKS
from tickets.design.table_spec import TableSpec
from tickets.methods import CRITERIA
from tickets.tables.cells import Cell, dense, frame, interval, rounded, select, select_paired
from tickets.tables.sweep_cells import FINDERS, cells_of
from tickets.tables.winning_sparsities import NO_INTERVAL, wins
from tickets.terminal import blocks, metric_label, percent, score, seeds

if TYPE_CHECKING:
    import pandas as pd

    from tickets.figures.charts import Chart, Theme

COLUMNS = (
    "task",
    "finder",
    "sparsity",
    "metric",
    "n",
    "mean",
    "std",
    "full_mean",
    "full_std",
    "delta_full",
    "low",
    "high",
    "wins",
    "wins_strict",
)


def sweep_table(
    metrics: pd.DataFrame,
    tasks: Sequence[str],
    finders: Sequence[str],
    sparsities: Sequence[str],
    rewind: float,
) -> pd.DataFrame:
    """One row per task, finder and sparsity (fraction), the full model (`dense`) first.

    `finders` are those in addition to IMP, `sparsities` are labels in percent, `rewind` is that of
    IMP's masks in percent; the weights are theta_0. Scores are in percent, differences in points;
    `low` and `high` are the 95 % interval of `delta_full`, empty for the full model.

    Raises:
        BadInput: a cell is missing, or its seeds differ from the full model's.
    """
    cells = [
        cell
        for task in tasks
        for cell in (
            dense(task),
            *chain.from_iterable(
                cells_of(metrics, each, task, sparsities, rewind) for each in ("imp", *finders)
            ),
        )
    ]
    return compare_with_full(metrics, cells)


def compare_with_full(metrics: pd.DataFrame, cells: Iterable[Cell]) -> pd.DataFrame:
    """A row for each cell, beside its target's full model.

    Raises:
        BadInput: a cell is missing, or its seeds differ from the full model's.
    """
    return frame((_row(metrics, cell) for cell in cells), COLUMNS)


def _row(metrics: pd.DataFrame, cell: Cell) -> tuple[object, ...]:
    scores, full = select_paired(metrics, cell), select(metrics, dense(cell.target))
    return (
        cell.target,
        cell.finder,
        cell.sparsity,
        scores.metric,
        scores.n,
        scores.mean,
        scores.std,
        full.mean,
        full.std,
        rounded(scores.mean - full.mean),
        *(NO_INTERVAL if cell.finder == "dense" else interval(scores, full)),
        wins(scores, full, "within_std"),
        wins(scores, full, "strict"),
    )


def render(table: pd.DataFrame, title: str) -> str:
    """The table as text: first the mean over tasks of the differences from the full model, then one
    block per task; finders down, sparsities across.
    """
    pruned = table[table["finder"] != "dense"]
    names = ["", *pruned["finder"].unique()]
    differences = [
        [percent(sparsity), *map("{:+.1f}".format, rows.groupby("finder", sort=False).mean())]
        for sparsity, rows in pruned.set_index("finder").groupby("sparsity")["delta_full"]
    ]
    lines = [
        f"{title}, {seeds(table['n'])}: mean ± standard deviation, per cent",
        f"*: {CRITERIA['within_std']}",
        "",
        "mean over tasks of the difference from the full model (points)",
        *blocks(names, differences)[1:],
    ]
    for task, rows in table.groupby("task", sort=False):
        full = rows.iloc[0]
        dense_score = score(full["mean"], full["std"]).strip()
        lines += ["", f"{task} ({metric_label(full['metric']).strip()}); full model {dense_score}"]
        scores = [
            [f"{percent(sparsity)} ", *(score(*each) for each in cells)]
            for sparsity, cells in _scores(rows[rows["finder"] != "dense"])
        ]
        lines += blocks(names, scores)[1:]
    return "\n".join(lines)


def _scores(rows: pd.DataFrame) -> Iterator[tuple[Any, list[tuple[float, float, str]]]]:
    """By sparsity, each finder's mean, deviation and mark."""
    for sparsity, cells in rows.groupby("sparsity"):
        marks = ["*" if won else " " for won in cells["wins"]]
        yield sparsity, list(zip(cells["mean"], cells["std"], marks, strict=True))


def _chart(table: pd.DataFrame, *theme: Theme) -> Chart:
    from tickets.figures import curves

    return curves.sparsity_sweep(table, *theme)


TABLE = TableSpec(
    name="sparsity_sweep",
    position=50,
    metrics=Metrics(trainings=experiments.sweep, part="sweep"),
    parameters={
        "tasks": TASKS,
        "finders": FINDERS,
        "sparsities": SPARSITIES,
        "rewind": REWIND,
    },
    make=lambda inputs: sweep_table(
        inputs.metrics(),
        inputs["tasks"],
        inputs["finders"],
        inputs["sparsities"],
        inputs.number("rewind"),
    ),
    render=lambda table, _: render(table, "Masks on their own task"),
    chart=_chart,
)
