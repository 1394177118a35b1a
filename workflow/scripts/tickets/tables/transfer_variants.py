"""Transfer at other sparsities, and with other weights than theta_0 (section 4, appendix).

winning: each source's mask at its winning sparsity. sweep: masks of MLM, and the one-shot mask, at
every sparsity. weights: the source's mask with its later weights instead of theta_0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tickets.design import experiments
from tickets.design.metrics import Metrics
from tickets.design.parameters import (
    MLM_TASKS,
    REWIND,
    REWINDS,
    SPARSITIES,
    SPARSITY,
    TASKS,
    Parameter,
    shared,
)
from tickets.design.table_spec import Inputs, TableSpec
from tickets.schedule import parse
from tickets.tables import winning_sparsities
from tickets.tables.cells import Cell, dense, frame, interval, rounded, select, select_paired
from tickets.tables.transfer import COLUMNS as TRANSFERRED
from tickets.tables.winning_sparsities import wins

if TYPE_CHECKING:
    import pandas as pd

    from tickets.figures.charts import Chart, Theme

MASK = ("variant", "finder", "source", "target", "sparsity", "weights", "rewind")
CRITERION = "within_std"
COLUMNS = MASK + tuple(name for name in TRANSFERRED if name not in MASK)


@dataclass(frozen=True, kw_only=True)
class Grid:
    """The variants of a study; sparsities are fractions, rewinds percent, all in table order.

    tasks: sources and targets. winning: labels of winning sparsities, from
    `winning_sparsities.read`. sparsities, mlm_tasks: for the sweep. later_sources, rewinds: for
    later weights. sparsity, rewind: those of the masks in transfer.csv.
    """

    tasks: Sequence[str]
    winning: Mapping[tuple[str, str], str]
    sparsities: Sequence[float]
    mlm_tasks: Sequence[str]
    later_sources: Sequence[str]
    rewinds: Sequence[float]
    sparsity: float
    rewind: float

    def winning_sparsity(self, task: str) -> float:
        """The highest sparsity of a winning ticket of a task, within one standard deviation."""
        return winning_sparsities.look_up(self.winning, task, CRITERION)

    def own(self, task: str, sparsity: float) -> Cell:
        """The cell of TRANSFER(T, T) with theta_0 at a sparsity; at 0, the full model."""
        if sparsity == 0:
            return dense(task)
        return Cell(finder="imp", source=task, target=task, sparsity=sparsity, rewind=self.rewind)


@dataclass(frozen=True, kw_only=True)
class _Row:
    """A cell, its mask's sparsity, and the cell of the target's own mask to compare with."""

    variant: str
    source: str
    sparsity: float
    cell: Cell
    same_task: Cell


def transfer_variants_table(metrics: pd.DataFrame, grid: Grid) -> pd.DataFrame:
    """One row per mask, weights and target, with the columns of transfer.csv.

    `delta_same_task` is the difference from the target's own mask with theta_0, at its winning
    sparsity (winning) or at the row's sparsity (sweep, weights). A source without a winning ticket
    transfers the whole network, at sparsity 0.

    Raises:
        BadInput: a task has no winning sparsity, a cell is missing, or its seeds differ from the
            full model's.
    """
    rows = [*_winning(grid), *_sweep(grid), *_weights(grid)]
    table = frame([_values(metrics, row) for row in rows], COLUMNS)
    return table.astype({"rewind": float})


def _winning(grid: Grid) -> Iterator[_Row]:
    for source in grid.tasks:
        for target in grid.tasks:
            same_task = grid.own(target, grid.winning_sparsity(target))
            elsewhere = Cell(
                finder="imp", source=source, target=target, rewind=grid.rewind, at="winning"
            )
            yield _Row(
                variant="winning",
                source=source,
                sparsity=grid.winning_sparsity(source),
                cell=same_task if source == target else elsewhere,
                same_task=same_task,
            )


def _sweep(grid: Grid) -> Iterator[_Row]:
    for source in (*grid.mlm_tasks, "oneshot"):
        for sparsity in grid.sparsities:
            for target in grid.tasks:
                if source == "oneshot":
                    cell = Cell(finder="oneshot", target=target, sparsity=sparsity)
                else:
                    cell = replace(grid.own(source, sparsity), target=target)
                yield _Row(
                    variant="sweep",
                    source=source,
                    sparsity=sparsity,
                    cell=cell,
                    same_task=grid.own(target, sparsity),
                )


def _weights(grid: Grid) -> Iterator[_Row]:
    for source in grid.later_sources:
        imp = grid.own(source, grid.sparsity)
        later = [replace(imp, weights="theta_i", rewind=rewind) for rewind in grid.rewinds]
        last = replace(imp, weights="trained", finder="standard", rewind=None)
        for cell in (*later, last):
            for target in grid.tasks:
                yield _Row(
                    variant="weights",
                    source=source,
                    sparsity=grid.sparsity,
                    cell=replace(cell, target=target),
                    same_task=grid.own(target, grid.sparsity),
                )


def _values(metrics: pd.DataFrame, row: _Row) -> dict[str, object]:
    cell = row.cell
    scores = select_paired(metrics, cell)
    full = select(metrics, dense(cell.target))
    same_task = select_paired(metrics, row.same_task).mean
    low, high = interval(scores, full)
    return {
        "variant": row.variant,
        "finder": cell.finder,
        "source": row.source,
        "target": cell.target,
        "sparsity": row.sparsity,
        "weights": cell.weights,
        "rewind": cell.rewind,
        "metric": scores.metric,
        "n": scores.n,
        "mean": scores.mean,
        "std": scores.std,
        "full_mean": full.mean,
        "full_std": full.std,
        "delta_full": rounded(scores.mean - full.mean),
        "low": low,
        "high": high,
        "delta_same_task": rounded(scores.mean - same_task),
        "few_seeds": scores.few_seeds,
        "matches_full": wins(scores, full, CRITERION),
        "matches_same_task": scores.mean >= same_task,
    }


def _make(inputs: Inputs) -> pd.DataFrame:
    grid = Grid(
        tasks=inputs["tasks"],
        winning=winning_sparsities.of(inputs),
        sparsities=[float(parse(label)) for label in inputs["sparsities"]],
        mlm_tasks=inputs["mlm_tasks"],
        later_sources=inputs["sources"],
        rewinds=[float(rewind) for rewind in inputs["rewinds"]],
        sparsity=inputs.number("sparsity"),
        rewind=inputs.number("rewind"),
    )
    return transfer_variants_table(inputs.metrics(), grid)


def _chart(table: pd.DataFrame, *theme: Theme) -> Chart:
    from tickets.figures import curves

    return curves.transfer_sweep(table, *theme)


TABLE = TableSpec(
    name="transfer_variants",
    position=70,
    metrics=Metrics(trainings=experiments.transfer_variants),
    tables=("winning_sparsities",),
    parameters={
        "tasks": TASKS,
        "sparsity": SPARSITY,
        "rewind": REWIND,
        "sparsities": SPARSITIES,
        "mlm_tasks": MLM_TASKS,
        "sources": Parameter(form=shared("tasks"), of=lambda design: list(design.later_sources)),
        "rewinds": REWINDS,
    },
    make=_make,
    chart=_chart,
    figure="transfer_sweep",
)
