"""Full models alone: whether each has learned its task, and whether it has stopped improving.

A study's examples, epochs and learning rates can be chosen by this table before any mask is found.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tickets.design import experiments
from tickets.design.metrics import Metrics
from tickets.design.parameters import TASKS
from tickets.design.table_spec import TableSpec
from tickets.tables.cells import (
    Cell,
    constant,
    dense,
    frame,
    has_learned,
    interval,
    rounded,
    select,
    select_paired,
    tolerance,
)
from tickets.terminal import blocks, metric_label, score, seeds

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    *("task", "metric", "n", "majority", "mean", "std"),
    *("margin", "margin_low", "margin_high", "learned"),
    *("gain", "gain_low", "gain_high", "bound", "levelled"),
)


def full_models_table(metrics: pd.DataFrame, tasks: Sequence[str]) -> pd.DataFrame:
    """One row per task, in percent.

    `margin` is what the full model has over the best constant answer; `learned` is `has_learned`.
    `gain` is what a second training adds, from the weights that a first one ended with; the model
    has `levelled` if that is at most `bound`, which is the `tolerance` of its standard deviation.

    Raises:
        BadInput: a cell is missing.
    """
    return frame((_row(metrics, task) for task in tasks), COLUMNS)


def _row(metrics: pd.DataFrame, task: str) -> dict[str, object]:
    answer = select(metrics, constant(task))
    full = select(metrics, dense(task))
    again = select_paired(metrics, Cell(finder="dense", weights="trained", target=task))
    margin_low, margin_high = interval(full, answer)
    gain_low, gain_high = interval(again, full)
    gain, bound = rounded(again.mean - full.mean), tolerance(full.std)
    return {
        **{"task": task, "metric": full.metric, "n": full.n},
        **{"majority": answer.mean, "mean": full.mean, "std": full.std},
        **{"margin": rounded(full.mean - answer.mean)},
        **{"margin_low": margin_low, "margin_high": margin_high},
        **{"learned": has_learned(margin_low)},
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
