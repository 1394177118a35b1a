"""Winning tickets: masks that cost nothing, and the sparsest one of a task (section 3.2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import pandas as pd

from tickets.schedule import parse
from tickets.tables.cells import Cell, Scores, dense, rounded, select, select_paired
from tickets.tables.winning_sparsities import COLUMNS, NONE

CRITERIA = {
    "within_std": "at least the full model's mean less one standard deviation",
    "strict": "at least the full model's mean",
}
"""What a mask's mean has to reach: the paper's winning ticket, and that of its appendix A."""

NO_INTERVAL = (float("nan"), float("nan"))
"""Of the difference of a network from itself: it stays empty in tables."""


def wins(scores: Scores, full: Scores, criterion: str) -> bool:
    """Whether a mask's mean meets `criterion`, one of `CRITERIA`.

    A single training of the full model has no standard deviation: its score has to be reached.
    """
    strict = criterion == "strict" or full.n == 1
    return scores.mean >= (full.mean if strict else rounded(full.mean - full.std))


def highest(
    metrics: pd.DataFrame, task: str, sparsities: Iterable[float], rewind: float, criterion: str
) -> float:
    """The highest of `sparsities` (fractions) at which IMP wins on its own task; 0 where at none.

    Scores need not fall steadily: IMP may lose at one sparsity and win again at a higher one. The
    paper reports the highest, and that is the one that counts here, whatever lies below it.
    `rewind` (percent) is that of the masks; the weights are theta_0.

    Raises:
        BadInput: a cell is missing, or has other seeds than the full model.
    """
    full = select(metrics, dense(task))
    own = Cell(finder="imp", source=task, target=task, rewind=rewind)
    tickets = {each: select_paired(metrics, replace(own, sparsity=each)) for each in sparsities}
    winners = (each for each, scores in tickets.items() if wins(scores, full, criterion))
    return max(winners, default=0.0)


def winning_table(
    metrics: pd.DataFrame, tasks: Sequence[str], sparsities: Sequence[str], rewind: float
) -> pd.DataFrame:
    """One row a task and criterion; sparsities are labels in percent, and stay as they are given.

    Raises:
        BadInput: a cell is missing, or has other seeds than the full model.
    """
    labels = {float(parse(label)): label for label in sparsities}
    rows = [
        (task, each, labels.get(highest(metrics, task, labels, rewind, each), NONE))
        for task in tasks
        for each in CRITERIA
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))
