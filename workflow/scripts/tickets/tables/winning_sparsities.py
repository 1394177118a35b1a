"""Winning sparsities: the highest with a winning ticket, for each task (section 3.2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tickets import schedule
from tickets.design import experiments
from tickets.design.metrics import Metrics
from tickets.design.parameters import REWIND, SPARSITIES, TASKS
from tickets.design.table_spec import Inputs, TableSpec
from tickets.errors import BadInput
from tickets.methods import CRITERIA
from tickets.tables.cells import Cell, Scores, dense, frame, rounded, select, select_paired
from tickets.tables.winners import COLUMNS, parse

if TYPE_CHECKING:
    import pandas as pd

NONE = "0"
"""The sparsity of a task without a winning ticket."""

NO_INTERVAL = (float("nan"), float("nan"))
"""The interval of the full model's difference from itself; empty in tables."""


def wins(scores: Scores, full: Scores, criterion: str) -> bool:
    """Whether a mask's mean meets `criterion`, one of `CRITERIA`.

    A single training of the full model has no standard deviation: the mean has to reach its score.
    """
    strict = criterion == "strict" or full.n == 1
    return scores.mean >= (full.mean if strict else rounded(full.mean - full.std))


def highest(
    metrics: pd.DataFrame, task: str, sparsities: Iterable[float], rewind: float, criterion: str
) -> float:
    """The highest of `sparsities` (fractions) at which IMP's mask wins on its own task, or 0.

    Scores need not fall steadily: IMP may lose at one sparsity and win at a higher one. As in the
    paper, the highest counts. `rewind` is the masks', in percent; the weights are theta_0.

    Raises:
        BadInput: a cell is missing, or its seeds differ from the full model's.
    """
    full = select(metrics, dense(task))
    own = Cell(finder="imp", source=task, target=task, rewind=rewind)
    tickets = {each: select_paired(metrics, replace(own, sparsity=each)) for each in sparsities}
    winners = (each for each, scores in tickets.items() if wins(scores, full, criterion))
    return max(winners, default=0.0)


def winning_sparsities_table(
    metrics: pd.DataFrame, tasks: Sequence[str], sparsities: Sequence[str], rewind: float
) -> pd.DataFrame:
    """One row per task and criterion; sparsities are labels in percent, copied unchanged.

    Raises:
        BadInput: a cell is missing, or its seeds differ from the full model's.
    """
    labels = {float(schedule.parse(label)): label for label in sparsities}
    rows = [
        (task, each, labels.get(highest(metrics, task, labels, rewind, each), NONE))
        for task in tasks
        for each in CRITERIA
    ]
    return frame(rows, COLUMNS)


def look_up(winning: Mapping[tuple[str, str], str], task: str, criterion: str) -> float:
    """A task's winning sparsity by a criterion, as a fraction; `winning` is what `of` returns.

    Raises:
        BadInput: the table has no such row.
    """
    if (task, criterion) not in winning:
        raise BadInput(f"winning_sparsities.csv: no row for {task}, {criterion}; make it again")
    return float(schedule.parse(winning[task, criterion]))


def of(inputs: Inputs) -> dict[tuple[str, str], str]:
    """As `winners.read`, from the inputs of a table that is made from this one.

    Raises:
        BadInput: the file is not this table.
    """
    return parse(inputs.content("winning_sparsities"), inputs.paths["winning_sparsities"])


TABLE = TableSpec(
    name="winning_sparsities",
    position=30,
    metrics=Metrics(trainings=experiments.tickets, older_part="tickets"),
    parameters={"tasks": TASKS, "sparsities": SPARSITIES, "rewind": REWIND},
    make=lambda inputs: winning_sparsities_table(
        inputs.metrics(), inputs["tasks"], inputs["sparsities"], inputs.number("rewind")
    ),
)
