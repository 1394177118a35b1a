"""Essential sparsity: how much a finder prunes before the first drop (Jaiswal, Liu, Chen and Wang,
NeurIPS 2023, arXiv 2306.03805).

The paper prunes theta_0's least magnitudes once and reads the point off its curves: up to it
nothing is lost, and beyond it scores fall fast. Here a rule decides, that of winning tickets: a
drop is a mean below the full model's mean less its standard deviation over seeds. The finder
`oneshot` is the paper's; the others' values say what their work gains.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tickets.design.parameters import REWIND, SPARSITIES, TASKS
from tickets.design.table_spec import TableSpec
from tickets.seeds import derive
from tickets.tables.cells import INTERVAL, Scores, dense, frame, select, select_paired
from tickets.tables.sweep_cells import FINDERS, cells_of
from tickets.tables.winning_sparsities import wins
from tickets.terminal import blocks, seeds

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    *("task", "finder", "metric", "n", "full_mean", "full_std"),
    *("sparsity", "low", "high", "drops_at"),
)

Holds = NDArray[np.bool_]


def essential_sparsity_table(
    metrics: pd.DataFrame,
    tasks: Sequence[str],
    finders: Sequence[str],
    sparsities: Sequence[str],
    rewind: float,
) -> pd.DataFrame:
    """One row per task and finder, IMP first; sparsities are fractions, scores in percent.

    `sparsity` is the highest of the study's up to which no mean over seeds is below the full
    model's less one standard deviation (with a single seed, below its score): 0 if already the
    lowest has such a mean. The first that has stands in `drops_at`, which is empty if none has:
    the essential sparsity is then at least `sparsity`. `low` and `high` are the 95 % interval of
    `sparsity` over resamples of examples and seeds, the same ones for all cells of a task, to each
    of which the whole rule is applied; they are sparsities of the study, or 0.

    `finders` are those in addition to IMP, `sparsities` are labels in percent, ascending, `rewind`
    is that of IMP's masks in percent; the weights are theta_0.

    Raises:
        BadInput: a cell is missing, or its seeds differ from the full model's.
    """
    rows = (
        _row(metrics, task, finder, sparsities, rewind)
        for task in tasks
        for finder in ("imp", *finders)
    )
    return frame(rows, COLUMNS)


def _row(
    metrics: pd.DataFrame, task: str, finder: str, sparsities: Sequence[str], rewind: float
) -> dict[str, object]:
    full = select(metrics, dense(task))
    cells = cells_of(metrics, finder, task, sparsities, rewind)
    scores = [select_paired(metrics, cell) for cell in cells]
    reached = np.array([0.0, *(cell.sparsity or 0.0 for cell in cells)])
    count = int(_before_drop(np.array([wins(each, full, "within_std") for each in scores])))
    resampled = reached[_before_drop(_hold_in_resamples(scores, full))]
    # Of a few sparsities, a percentile between two would be none of them.
    low, high = np.percentile(resampled, INTERVAL, method="inverted_cdf")
    return {
        **{"task": task, "finder": finder, "metric": full.metric, "n": full.n},
        **{"full_mean": full.mean, "full_std": full.std},
        **{"sparsity": reached[count], "low": low, "high": high},
        **{"drops_at": [*reached[1:], np.nan][count]},
    }


def _before_drop(holds: Holds) -> NDArray[np.int64]:
    """How many of the sparsities come before the first at which it does not hold.

    `holds` has one row a sparsity, and any further axes.
    """
    return np.logical_and.accumulate(holds, axis=0).sum(axis=0)


def _hold_in_resamples(scores: Sequence[Scores], full: Scores) -> Holds:
    """Whether each cell reaches the bound, in each resample: [cells, resamples]."""
    random = np.random.default_rng(derive(0, "resamples of seeds"))
    seeds = random.integers(full.n, size=full.replicates.shape)
    of_full, *of_cells = (
        np.take_along_axis(each.replicates, seeds, axis=0) for each in (full, *scores)
    )
    std = of_full.std(axis=0, ddof=1) if full.n > 1 else 0.0
    return np.array([each.mean(axis=0) for each in of_cells]) >= of_full.mean(axis=0) - std


def render(table: pd.DataFrame) -> str:
    """The table as text: finders down, tasks across."""
    columns = [
        [str(task), *map(_between, rows.to_numpy())]
        for task, rows in table.groupby("task", sort=False)[["sparsity", "low", "high"]]
    ]
    title = f"Essential sparsity, {seeds(table['n'])}: per cent (95 % interval)"
    return "\n".join([title, *blocks(["", *table["finder"].unique()], columns)])


def _between(row: NDArray[np.float64]) -> str:
    sparsity, low, high = 100 * row
    return f"{sparsity:.4g} ({low:.4g} to {high:.4g})"


TABLE = TableSpec(
    name="essential_sparsity",
    position=55,
    metrics_of=("sweep",),
    parameters={
        "tasks": TASKS,
        "finders": FINDERS,
        "sparsities": SPARSITIES,
        "rewind": REWIND,
    },
    make=lambda inputs: essential_sparsity_table(
        inputs.metrics("sweep"),
        inputs["tasks"],
        inputs["finders"],
        inputs["sparsities"],
        inputs.number("rewind"),
    ),
    render=lambda table, _: render(table),
)
