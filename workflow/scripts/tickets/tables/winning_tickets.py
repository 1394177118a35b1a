"""Winning tickets and their baselines, at each task's winning sparsity (Table 2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tickets.design import experiments
from tickets.design.metrics import Metrics
from tickets.design.parameters import REWIND, TASKS
from tickets.design.table_spec import TableSpec
from tickets.methods import CRITERIA, NETWORKS
from tickets.names import WINNING
from tickets.tables import winning_sparsities
from tickets.tables.cells import (
    ENOUGH_SEEDS,
    Cell,
    dense,
    frame,
    interval,
    rounded,
    select,
    select_paired,
)
from tickets.tables.winning_sparsities import NO_INTERVAL, wins
from tickets.terminal import blocks, metric_label, percent, score, seeds

if TYPE_CHECKING:
    import pandas as pd

    from tickets.figures.charts import Chart, Theme

COLUMNS = (
    "task",
    "criterion",
    "sparsity",
    "network",
    "metric",
    "n",
    "mean",
    "std",
    "delta_full",
    "low",
    "high",
    "few_seeds",
    "wins",
)
AT = {criterion: at for at, criterion in WINNING.items()}
"""The value of `Cell.at` for each criterion."""


def winning_tickets_table(
    metrics: pd.DataFrame,
    tasks: Sequence[str],
    winning: Mapping[tuple[str, str], str],
    rewind: float,
) -> pd.DataFrame:
    """One row per task, criterion and network, in the order of `tasks`, `CRITERIA`, `cells`.

    `winning` gives the label of each task's and criterion's winning sparsity, from
    `winning_sparsities.of`; `rewind` is the masks', in percent. Scores are in percent,
    differences in points; `low` and `high` are the 95 % interval of `delta_full`. `sparsity`
    (fraction) is the winning one in every row, the full model's too; at 0 no mask wins, and the
    masks are the full model. `wins`: whether a network meets the row's criterion.

    Raises:
        BadInput: a task has no winning sparsity, a cell is missing, or its seeds differ from the
            full model's.
    """
    rows: list[tuple[object, ...]] = []
    for task in tasks:
        full = select(metrics, dense(task))
        for criterion in CRITERIA:
            sparsity = winning_sparsities.look_up(winning, task, criterion)
            for network, cell in cells(task, sparsity, AT[criterion], rewind).items():
                scores = select_paired(metrics, cell)
                rows.append(
                    (
                        task,
                        criterion,
                        sparsity,
                        network,
                        scores.metric,
                        scores.n,
                        scores.mean,
                        scores.std,
                        rounded(scores.mean - full.mean),
                        *(NO_INTERVAL if network == "full" else interval(scores, full)),
                        scores.few_seeds,
                        wins(scores, full, criterion),
                    )
                )
    return frame(rows, COLUMNS)


def cells(task: str, sparsity: float, at: str, rewind: float) -> dict[str, Cell]:
    """The cell of each network of a task.

    Masks that exist at other sparsities too are selected by `sparsity`, those made only for the
    winning sparsity by `at`.
    """
    full = dense(task)
    if sparsity == 0:
        imp = random = oneshot = full
    else:
        imp = Cell(finder="imp", source=task, target=task, sparsity=sparsity, rewind=rewind)
        random = Cell(finder="random", target=task, sparsity=sparsity)
        oneshot = Cell(finder="oneshot", target=task, sparsity=sparsity)
    own = Cell(finder="imp", source=task, target=task, rewind=rewind, at=at)
    return {
        "full": full,
        "imp": imp,
        "random": random,
        "layerwise": replace(own, finder="layerwise", rewind=None),
        "oneshot": oneshot,
        "imp_reinit": replace(own, weights="reinit"),
        "imp_shuffled_within": replace(own, weights="shuffled_within"),
        "imp_shuffled_across_layers": replace(own, weights="shuffled_across_layers"),
    }


def render(table: pd.DataFrame) -> str:
    """The table as text: one block per criterion, then an explanation of each network."""
    lines = [
        f"Networks at each task's highest sparsity with a winning ticket, {seeds(table['n'])}: "
        "mean ± standard",
        "deviation, percent",
    ]
    networks = table["network"].unique()
    for criterion, rows in table.groupby("criterion", sort=False):
        columns = [_column(task) for _, task in rows.groupby("task", sort=False)]
        lines += ["", f"* {CRITERIA[str(criterion)]}"]
        lines += blocks(["network", "sparsity", "", *networks], columns)
    lines += ["", *(f"{name}: {NETWORKS[name]}" for name in networks)]
    if (table["sparsity"] == 0).any():
        lines.append("sparsity none: no mask wins; masks of that sparsity are the full model")
    if table["few_seeds"].any():
        lines.append(f"fewer than {ENOUGH_SEEDS} seeds: standard deviations are rough")
    return "\n".join(lines)


def _column(rows: pd.DataFrame) -> list[str]:
    first = rows.iloc[0]
    sparsity = f"{percent(first['sparsity'])} " if first["sparsity"] else "none "
    scores = [
        score(mean, std, "*" if winner else " ")
        for mean, std, winner in zip(rows["mean"], rows["std"], rows["wins"], strict=True)
    ]
    return [f"{first['task']} ", sparsity, metric_label(first["metric"]), *scores]


def _chart(table: pd.DataFrame, *theme: Theme) -> Chart:
    from tickets.figures import networks

    return networks.winning_tickets(table, *theme)


TABLE = TableSpec(
    name="winning_tickets",
    position=40,
    metrics=Metrics(trainings=experiments.winning_tickets),
    tables=("winning_sparsities",),
    parameters={"tasks": TASKS, "rewind": REWIND},
    make=lambda inputs: winning_tickets_table(
        inputs.metrics(),
        inputs["tasks"],
        winning_sparsities.of(inputs),
        inputs.number("rewind"),
    ),
    render=lambda table, _: render(table),
    chart=_chart,
)
