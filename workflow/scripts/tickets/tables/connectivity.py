"""Connectivity: whether one ticket's trainings end in one valley, whatever the order of their data
(Frankle, Dziugaite, Roy and Carbin, ICML 2020, arXiv 1912.05671).

Two trainings that differ in that order alone are connected if no network on the straight line
between their ends is worse than these. A training's dropout is not among the differences.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import TYPE_CHECKING

from tickets.design import experiments
from tickets.design.dag import Design
from tickets.design.table_spec import TableSpec
from tickets.methods import rewind_label
from tickets.names import TrainingName, theta_i
from tickets.tables.cells import frame, rounded
from tickets.terminal import blocks, metric_label, percent, score, seeds

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from tickets.figures.charts import Chart, Theme

CELL = ["task", "rewind", "sparsity", "metric"]
MEASURED = ("ends", "barrier", "loss_barrier")


def second_trainings(design: Design) -> list[TrainingName]:
    """The full model and IMP's tickets of every sparsity, from each rewinding step, on their own
    task: each training once more, in the second order of its data.
    """
    return [
        TrainingName(
            weights=theta_i(task, rewind, seed),
            mask=mask,
            task=task,
            seed=design.evaluation_seed(seed),
            order=2,
        )
        for task, seed, rewind in product(design.tasks, design.seeds, ("0", *design.rewinds))
        for mask in experiments.candidates(design, task=task, rewind=rewind, seed=seed)
    ]


def connectivity_table(lines: Iterable[tuple[TrainingName, pa.Table]]) -> pd.DataFrame:
    """One row per task, rewind (per cent) and sparsity (fraction; 0: the full model), over seeds.

    `lines` are the rows of each line with the training at its second end. `ends` is the mean score
    of both ends, in per cent. `barrier` is how far the score falls below that on the way, in
    points; `loss_barrier`, how far the loss rises above the ends' mean. All are means over seeds,
    with sample standard deviations.
    """
    rows: list[tuple[object, ...]] = []
    for name, line in lines:
        metric = line.column_names[-1]
        losses, scores = (line[column].to_pylist() for column in ("loss", metric))
        rows.append(
            (
                *(name.task, float(name.weights.rewind or 0), float(name.mask.fraction or 0)),
                *(metric, (scores[0] + scores[-1]) / 2),
                *(barrier([-score for score in scores]), barrier(losses)),
            )
        )
    cells = frame(rows, [*CELL, *MEASURED]).groupby(CELL, sort=False)
    table = cells.agg(
        n=("ends", "size"),
        ends=("ends", "mean"),
        barrier=("barrier", "mean"),
        barrier_std=("barrier", "std"),
        loss_barrier=("loss_barrier", "mean"),
        loss_barrier_std=("loss_barrier", "std"),
    )
    measured = table.columns.drop("n")
    table[measured] = table[measured].map(rounded)
    return table.reset_index()


def barrier(values: list[float]) -> float:
    """The height of the barrier of an error, or a loss, along a line: its highest value less the
    mean of the two ends (Frankle et al., section 2); at least 0.
    """
    return max(values) - (values[0] + values[-1]) / 2


def render(table: pd.DataFrame) -> str:
    """The table as text: one block per task, sparsities down, rewinds across."""
    lines = [
        f"Barriers on the line between two orders of the data, {seeds(table['n'])}:",
        "mean ± standard deviation, points below the mean of both ends",
    ]
    for task, rows in table.groupby("task", sort=False):
        names = map(percent, rows["sparsity"].unique())
        columns = [
            [
                f"{rewind_label(rewind)} ",
                *(score(*each) for each in zip(at["barrier"], at["barrier_std"], strict=True)),
            ]
            for rewind, at in rows.groupby("rewind", sort=False)
        ]
        lines += ["", f"{task} ({metric_label(rows['metric'].iloc[0]).strip()})"]
        lines += blocks(["pruned", *names], columns)[1:]
    return "\n".join(lines)


def _chart(table: pd.DataFrame, *theme: Theme) -> Chart:
    from tickets.figures import curves

    return curves.connectivity(table, *theme)


TABLE = TableSpec(
    name="connectivity",
    position=65,
    optional=True,
    lines=second_trainings,
    parameters={},
    make=lambda inputs: connectivity_table(inputs.lines()),
    render=lambda table, _: render(table),
    chart=_chart,
)
