"""Full models alone: whether each has learned its task, and whether it has stopped improving.

A study's examples, epochs and learning rates can be chosen by this table before any mask is found.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tickets.design import experiments
from tickets.design.metrics import Metrics
from tickets.design.parameters import TASKS
from tickets.design.table_spec import TableSpec
from tickets.tables.cells import Cell, dense, frame, interval, rounded, select, select_paired
from tickets.terminal import blocks, metric_label, score, seeds

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    *("task", "metric", "n", "majority", "mean", "std"),
    *("margin", "margin_low", "margin_high", "learned"),
    *("gain", "gain_low", "gain_high", "bound", "levelled"),
)

NOTABLE = 1.0
"""Points: the least margin over the majority answer, and the most that a second training may add
where the full model's standard deviation is not more."""


def full_models_table(metrics: pd.DataFrame, tasks: Sequence[str]) -> pd.DataFrame:
    """One row per task, in percent.

    `margin` is what the full model has over the best constant answer; the task is `learned` if even
    the lower end of its 95 % interval is at least `NOTABLE`. `gain` is what a second training adds,
    from the weights that a first one ended with; the model has `levelled` if that is at most
    `bound`: `NOTABLE`, or its standard deviation if it is greater.

    Raises:
        BadInput: a cell is missing.
    """
    return frame((_row(metrics, task) for task in tasks), COLUMNS)


def _row(metrics: pd.DataFrame, task: str) -> dict[str, object]:
    constant = select(metrics, Cell(finder="majority", weights="none", target=task))
    full = select_paired(metrics, dense(task))
    again = select_paired(metrics, Cell(finder="dense", weights="trained", target=task))
    margin_low, margin_high = interval(full, constant)
    gain_low, gain_high = interval(again, full)
    gain, bound = rounded(again.mean - full.mean), max(NOTABLE, float(np.nan_to_num(full.std)))
    return {
        **{"task": task, "metric": full.metric, "n": full.n},
        **{"majority": constant.mean, "mean": full.mean, "std": full.std},
        **{"margin": rounded(full.mean - constant.mean)},
        **{"margin_low": margin_low, "margin_high": margin_high, "learned": margin_low >= NOTABLE},
        **{"gain": gain, "gain_low": gain_low, "gain_high": gain_high},
        **{"bound": bound, "levelled": gain <= bound},
    }


def render(table: pd.DataFrame) -> str:
    """The table as text, with a word for each fault."""
    names = ("majority", "full model", "margin", "trained again", "")
    columns = [
        [f"{row['task']} ", metric_label(row["metric"]), *_cells(row)]
        for row in table.to_dict("records")
    ]
    lines = [
        f"Full models, {seeds(table['n'])}: mean ± standard deviation, percent",
        *blocks(["", "", *names], columns),
        "",
        "margin: points over the best constant answer; trained again: points that a second training"
        " adds",
    ]
    return "\n".join(lines)


def _cells(row: Mapping[Any, Any]) -> Iterator[str]:
    yield f"{row['majority']:.1f} "
    yield score(row["mean"], row["std"])
    yield f"{row['margin']:+.1f} "
    yield f"{row['gain']:+.1f} "
    faults = [] if row["learned"] else ["not learned"]
    faults += [] if row["levelled"] else ["improves"]
    yield " ".join(faults) + " "


TABLE = TableSpec(
    name="full_models",
    position=5,
    metrics=Metrics(trainings=experiments.full_models, majority=True),
    parameters={"tasks": TASKS},
    make=lambda inputs: full_models_table(inputs.metrics(), inputs["tasks"]),
    render=lambda table, _: render(table),
)
