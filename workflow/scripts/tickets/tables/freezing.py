"""Frozen weights: scores where the weights outside a mask keep theta_0's values, untrained.

The masks are those of largest change (LoTA, Panda et al. 2024), and random ones as a control.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from tickets.design import experiments
from tickets.design.metrics import Metrics
from tickets.design.parameters import SPARSITIES, TASKS
from tickets.design.table_spec import TableSpec
from tickets.meanings import FREEZE
from tickets.schedule import parse
from tickets.tables.cells import Cell, dense
from tickets.tables.sparsity_sweep import compare_with_full, render

if TYPE_CHECKING:
    import pandas as pd

    from tickets.figures.charts import Chart, Theme


def freezing_table(
    metrics: pd.DataFrame, tasks: Sequence[str], sparsities: Sequence[str]
) -> pd.DataFrame:
    """One row per task, finder and sparsity (the fraction that is frozen), the full model first.

    `sparsities` are labels in percent. The columns are those of sparsity_sweep.csv.

    Raises:
        BadInput: a cell is missing, or its seeds differ from the full model's.
    """
    return compare_with_full(metrics, [c for task in tasks for c in _cells(task, sparsities)])


def _cells(task: str, sparsities: Sequence[str]) -> Iterator[Cell]:
    yield dense(task)
    for finder, source in (("change", task), ("random", None)):
        for label in sparsities:
            yield Cell(
                finder=finder,
                weights=f"theta_0/{FREEZE}",
                source=source,
                target=task,
                sparsity=float(parse(label)),
            )


def _chart(table: pd.DataFrame, *theme: Theme) -> Chart:
    from tickets.figures import curves

    return curves.freezing(table, *theme)


TABLE = TableSpec(
    name="freezing",
    optional=True,
    metrics=Metrics(trainings=experiments.freezing),
    parameters={"tasks": TASKS, "sparsities": SPARSITIES},
    make=lambda inputs: freezing_table(inputs.metrics(), inputs["tasks"], inputs["sparsities"]),
    render=lambda table, _: render(table, "theta_0 where masks freeze it"),
    chart=_chart,
)
