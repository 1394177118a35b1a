"""Transfer: scores of masks found on one task and trained on another (section 4.1, Figure 2).

TRANSFER(S, T) is the score on T of `m_S . theta_0` with a new head, fine-tuned on T.
"""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

from tickets.design import experiments
from tickets.design.metrics import Metrics
from tickets.design.parameters import REWIND, SPARSITY, TASKS
from tickets.design.table_spec import TableSpec
from tickets.finder import COMBINED
from tickets.methods import CRITERIA, LEARNED, WITHOUT_TASK, explain_missing_stars, is_ticket
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
)
from tickets.tables.winning_sparsities import wins
from tickets.terminal import WIDTH, blocks, metric_label, percent, score, seeds

if TYPE_CHECKING:
    import pandas as pd

    from tickets.figures.charts import Chart, Theme

COLUMNS = (
    "source",
    "target",
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
    "delta_same_task",
    "few_seeds",
    "matches_full",
    "matches_same_task",
)
COUNT = "targets_at_least_same_task"


def transfer_table(
    metrics: pd.DataFrame, tasks: Sequence[str], sparsity: float, rewind: float
) -> pd.DataFrame:
    """One row per source and target, in percent and percentage points, in the order of `tasks`;
    combined masks are the last sources, by name.

    `matches_full` is the paper's winning ticket: mean >= full_mean - full_std, the sample standard
    deviation over seeds; with a single seed, mean >= full_mean. `matches_same_task` is mean >= the
    mean of TRANSFER(T, T). `low` and `high` are the 95 % interval of `delta_full`. `learned` is
    whether the full model has learned the target task, if the scores of constant answers are among
    `metrics`. `rewind` is the masks', in percent; the weights are theta_0.

    Raises:
        BadInput: a cell is missing, or its seeds differ from the full model's.
    """
    columns = [_column(metrics, tasks, target, sparsity, rewind) for target in tasks]
    rows = [row for source in zip(*columns, strict=True) for row in source]
    table = frame(rows, COLUMNS)
    if (metrics["finder"] == "majority").any():
        margins = {
            task: interval(select(metrics, dense(task)), select(metrics, constant(task)))
            for task in tasks
        }
        learned = {task: has_learned(low) for task, (low, _) in margins.items()}
        table[LEARNED] = table["target"].map(learned)
    return table


def _column(
    metrics: pd.DataFrame, tasks: Sequence[str], target: str, sparsity: float, rewind: float
) -> list[tuple[object, ...]]:
    """One target's rows, one per source."""
    cells = {
        task: Cell(finder="imp", source=task, target=target, sparsity=sparsity, rewind=rewind)
        for task in tasks
    } | {name: Cell(finder=name, target=target, sparsity=sparsity) for name in WITHOUT_TASK}
    for name in sorted(metrics.loc[metrics["finder"] == COMBINED, "source_task"].unique()):
        cells[name] = Cell(finder=COMBINED, source=name, target=target, sparsity=sparsity)
    by_source = {source: select_paired(metrics, cell) for source, cell in cells.items()}
    full = select(metrics, dense(target))
    same_task = by_source[target].mean
    return [
        (
            source,
            target,
            sparsity,
            scores.metric,
            scores.n,
            scores.mean,
            scores.std,
            full.mean,
            full.std,
            rounded(scores.mean - full.mean),
            *interval(scores, full),
            rounded(scores.mean - same_task),
            scores.few_seeds,
            wins(scores, full, "within_std"),
            scores.mean >= same_task,
        )
        for source, scores in by_source.items()
    ]


def wide(table: pd.DataFrame) -> pd.DataFrame:
    """TRANSFER(S, T) - full(T) as a matrix, sources down, targets across, in the table's order.

    The last column counts the targets, other than the source itself, on which the source's mask
    scores at least as high as the target's own (the numbers beside Figure 2).
    """
    matrix = (
        table.pivot(index="source", columns="target", values="delta_full")
        .reindex(index=table["source"].unique(), columns=table["target"].unique())
        .rename_axis(columns=None)
    )
    counted = table["matches_same_task"] & (table["source"] != table["target"])
    matrix[COUNT] = counted.groupby(table["source"]).sum()
    return matrix.reset_index()


def render(table: pd.DataFrame) -> str:
    """The table as text, the full model's row first."""
    sources = [str(name) for name in table["source"].unique()]
    columns: list[list[str]] = []
    for target, rows in table.groupby("target", sort=False):
        full = rows.iloc[0]
        cells = [
            score(mean, std, "*" if matches else " ")
            for mean, std, matches in zip(rows["mean"], rows["std"], is_ticket(rows), strict=True)
        ]
        whole = score(full["full_mean"], full["full_std"])
        columns.append([f"{target} ", metric_label(full["metric"]), whole, *cells])

    counts = wide(table).set_index("source")[COUNT]
    summary = ", ".join(f"{source} {count}" for source, count in counts.items())
    lines = [
        f"Transfer at {percent(table['sparsity'].iloc[0])} sparsity, {seeds(table['n'])}: "
        "mean ± standard deviation, percent",
        *blocks(["mask of", "", "full model", *sources], columns),
        "",
        f"* winning ticket: {CRITERIA['within_std']}",
        *wrap(f"other targets on which a mask does as well as the target's own: {summary}", WIDTH),
        *wrap(explain_missing_stars(table), WIDTH),
    ]
    return "\n".join(lines)


def _chart(table: pd.DataFrame, *theme: Theme) -> Chart:
    from tickets.figures import heat_maps

    return heat_maps.transfer(table, *theme)


TABLE = TableSpec(
    name="transfer",
    position=10,
    metrics=Metrics(trainings=experiments.transfers, majority=True),
    parameters={"tasks": TASKS, "sparsity": SPARSITY, "rewind": REWIND},
    make=lambda inputs: transfer_table(
        inputs.metrics(), inputs["tasks"], inputs.number("sparsity"), inputs.number("rewind")
    ),
    render=lambda table, _: render(table),
    others={"matrix": wide},
    chart=_chart,
)
