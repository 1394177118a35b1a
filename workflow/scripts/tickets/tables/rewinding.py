"""Rewinding: whether tickets score better from later weights than from theta_0 (section 3.3).

After every round, `imp` rewinds to the weights after a percentage of the task's own training;
`standard` never rewinds, but goes on from the end of the previous round.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tickets.design import experiments
from tickets.design.metrics import Metrics
from tickets.design.parameters import REWINDS, SPARSITIES_TO_TRANSFER, TASKS
from tickets.design.table_spec import TableSpec
from tickets.methods import method_labels
from tickets.schedule import parse
from tickets.tables.cells import Cell, frame, interval, rounded, select_paired
from tickets.tables.winning_sparsities import NO_INTERVAL, highest
from tickets.terminal import blocks, metric_label, percent, score, seeds

if TYPE_CHECKING:
    import pandas as pd

    from tickets.figures.charts import Chart, Theme

COLUMNS = (
    "task",
    "method",
    "rewind",
    "sparsity",
    "winning",
    "metric",
    "n",
    "mean",
    "std",
    "delta_rewind_0",
    "low",
    "high",
)


def rewinding_table(
    metrics: pd.DataFrame, tasks: Sequence[str], sparsities: Sequence[str], rewinds: Sequence[float]
) -> pd.DataFrame:
    """One row per task, method, rewind (percent; none for `standard`) and sparsity (fraction).

    `rewinds` are those after 0, which comes first; `sparsities` are labels in percent. `winning`
    marks the highest of these sparsities at which the ticket rewound to theta_0 wins (within one
    standard deviation); winning_sparsities.csv considers higher sparsities too. Scores are in
    percent, differences in points. `delta_rewind_0` is the difference from the ticket rewound to
    theta_0 at the same sparsity; `low` and `high` are its 95 % interval.

    Raises:
        BadInput: a cell is missing, or its seeds differ from the full model's.
    """
    rows: list[tuple[object, ...]] = []
    fractions = [float(parse(label)) for label in sparsities]
    for task in tasks:
        winning = highest(metrics, task, fractions, 0, "within_std")
        base = Cell(finder="imp", source=task, target=task, rewind=0)
        for method in _methods(base, rewinds):
            for sparsity in fractions:
                scores = select_paired(metrics, replace(method, sparsity=sparsity))
                rewound_to_0 = select_paired(metrics, replace(base, sparsity=sparsity))
                rows.append(
                    (
                        task,
                        method.finder,
                        method.rewind,
                        sparsity,
                        sparsity == winning,
                        scores.metric,
                        scores.n,
                        scores.mean,
                        scores.std,
                        rounded(scores.mean - rewound_to_0.mean),
                        *(NO_INTERVAL if method == base else interval(scores, rewound_to_0)),
                    )
                )
    return frame(rows, COLUMNS).astype({"rewind": float})


def _methods(base: Cell, rewinds: Sequence[float]) -> Iterator[Cell]:
    yield base
    for rewind in rewinds:
        yield replace(base, weights="theta_i", rewind=rewind)
    yield replace(base, finder="standard", weights="trained", rewind=None)


def render(table: pd.DataFrame) -> str:
    """The table as text: one block per task, sparsities down, methods across."""
    lines = [
        f"Rewinding, {seeds(table['n'])}: mean ± standard deviation, percent",
        "* the highest of these sparsities with a winning ticket, rewound to 0 %",
    ]
    methods = method_labels(table)
    for task, rows in table.groupby("task", sort=False):
        sparsities = rows.drop_duplicates("sparsity")
        names = [
            f"{percent(sparsity)}{'*' * winning}"
            for sparsity, winning in zip(sparsities["sparsity"], sparsities["winning"], strict=True)
        ]
        columns = [
            [f"{name} ", *(score(*each) for each in zip(at["mean"], at["std"], strict=True))]
            for name, at in rows.groupby(methods[rows.index], sort=False)
        ]
        lines += ["", f"{task} ({metric_label(rows['metric'].iloc[0]).strip()})"]
        lines += blocks(["pruned", *names], columns)[1:]
    return "\n".join(lines)


def _chart(table: pd.DataFrame, *theme: Theme) -> Chart:
    from tickets.figures import curves

    return curves.rewinding(table, *theme)


TABLE = TableSpec(
    name="rewinding",
    position=60,
    metrics=Metrics(trainings=experiments.rewinding),
    parameters={"tasks": TASKS, "sparsities": SPARSITIES_TO_TRANSFER, "rewinds": REWINDS},
    make=lambda inputs: rewinding_table(
        inputs.metrics(),
        inputs["tasks"],
        inputs["sparsities"],
        [float(rewind) for rewind in inputs["rewinds"]],
    ),
    render=lambda table, _: render(table),
    chart=_chart,
)
