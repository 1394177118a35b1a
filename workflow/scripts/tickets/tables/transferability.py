"""Transferability: mean transfer of a source's mask, by the size of its training set (Figure 2).

A source is a task, or a part of a task's training examples; the parts of one task differ only in
size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tickets.design import experiments
from tickets.design.metrics import Metrics
from tickets.design.parameters import REWIND, SPARSITY, TASKS, Parameter, shared
from tickets.design.table_spec import Count, Inputs, TableSpec
from tickets.errors import BadInput
from tickets.tables.additive_fit import source_means
from tickets.tables.cells import (
    Cell,
    Scores,
    dense,
    frame,
    interval,
    rounded,
    select,
    select_paired,
)

if TYPE_CHECKING:
    import pandas as pd

    from tickets.figures.charts import Chart, Theme

COLUMNS = (
    "source",
    "subset_of",
    "train_examples",
    "targets",
    "n",
    "mean",
    "std",
    "low",
    "high",
)


def transferability_table(
    metrics: pd.DataFrame,
    tasks: Sequence[str],
    subsets: Mapping[str, str],
    sizes: Mapping[str, int],
    sparsity: float,
    rewind: float,
) -> pd.DataFrame:
    """One row per source, in points: the tasks in their order, then the parts of tasks.

    `subsets` gives the task of each part, `sizes` the number of training examples of each source.
    `targets` counts the targets T of a source S: all tasks but itself and the one that it is a part
    of. `mean` is S's mean over all tasks by the additive fit to TRANSFER(S, T) - full(T), averaged
    over seeds, `std` the standard deviation over seeds of each seed's fit; `low` and `high` are
    the 95 % interval of `mean`.

    Raises:
        BadInput: a size is missing, there is no other task, a cell is missing, or cells differ in
            their seeds.
    """
    targets = {source: targets_of(source, tasks, subsets) for source in (*tasks, *subsets)}
    cells = [
        Cell(finder="imp", source=source, target=target, sparsity=sparsity, rewind=rewind)
        for source in targets
        for target in targets[source]
    ]
    transferred = [select_paired(metrics, cell) for cell in cells]
    full = [select(metrics, dense(cell.target)) for cell in cells]
    check_seeds(transferred)
    fit = source_means([(str(cell.source), cell.target) for cell in cells])
    rows = [
        row(source, subsets, sizes, len(to), _sum(weights, transferred), _sum(weights, full))
        for (source, to), weights in zip(targets.items(), fit, strict=True)
    ]
    return frame(rows, COLUMNS)


def targets_of(source: str, tasks: Sequence[str], subsets: Mapping[str, str]) -> list[str]:
    """All tasks but the source and the one that it is a part of.

    Raises:
        BadInput: there is none.
    """
    targets = [task for task in tasks if task not in (source, subsets.get(source))]
    if not targets:
        raise BadInput(f"tasks: no target besides {source}; transfer needs two tasks")
    return targets


def check_seeds(of_targets: Sequence[Scores]) -> None:
    """Check that cells to be averaged have the same seeds.

    Raises:
        BadInput: they have not.
    """
    seeds = of_targets[0].seeds
    for scores in of_targets:
        if scores.seeds != seeds:
            raise BadInput(
                f"metrics: targets have seeds {seeds} and {scores.seeds}, so that there is no mean "
                "over targets; run the trainings that are missing"
            )


def row(
    source: str,
    subsets: Mapping[str, str],
    sizes: Mapping[str, int],
    targets: int,
    transferred: Scores,
    full: Scores,
) -> tuple[object, ...]:
    """A source's row, from its and the full model's scores, combined over targets.

    Raises:
        BadInput: its size is missing.
    """
    if source not in sizes:
        raise BadInput(f"sizes: no number of examples of {source}; make the table again")
    difference = transferred.by_seed - full.by_seed
    return (
        source,
        subsets.get(source, ""),
        sizes[source],
        targets,
        transferred.n,
        rounded(float(difference.mean())),
        rounded(float(difference.std(ddof=1))),
        *interval(transferred, full),
    )


def _sum(weights: NDArray[np.float64], of_pairs: Sequence[Scores]) -> Scores:
    """The weighted sum over pairs of each seed's scores, and of each replicate.

    Examples of different targets are resampled independently, so that the sum's replicates vary as
    the sum does.
    """
    import pandas as pd

    return Scores(
        metric="mean",
        by_seed=pd.Series(
            weights @ np.array([scores.by_seed for scores in of_pairs]),
            index=of_pairs[0].by_seed.index,
        ),
        replicates=np.tensordot(weights, [scores.replicates for scores in of_pairs], axes=1),
    )


def _sources(parameters: Mapping[str, Any]) -> list[str]:
    return [*parameters["tasks"], *(part for part, _ in parameters["subsets"])]


def _make(inputs: Inputs) -> pd.DataFrame:
    make = transferability_table
    if "fit" not in inputs.parameters:
        from tickets.tables.earlier.transferability import transferability_table as make
    metrics, subsets = inputs.metrics(), dict(inputs["subsets"])
    sparsity, rewind = inputs.number("sparsity"), inputs.number("rewind")
    return make(metrics, inputs["tasks"], subsets, inputs.examples(), sparsity, rewind)


def _chart(table: pd.DataFrame, *theme: Theme) -> Chart:
    from tickets.figures import scatter

    return scatter.transferability(table, *theme)


SUBSETS = Parameter(
    form=shared("subset_pairs"),
    of=lambda design: [list(pair) for pair in design.subsets.items()],
)
FIT = Parameter(form={"const": "additive"}, of=lambda _: "additive", always=False)
"""How sources with different targets are compared; earlier versions took plain means."""

TABLE = TableSpec(
    name="transferability",
    position=80,
    metrics=Metrics(trainings=experiments.transferability),
    examples=_sources,
    parameters={
        "tasks": TASKS,
        "sparsity": SPARSITY,
        "rewind": REWIND,
        "subsets": SUBSETS,
        "fit": FIT,
    },
    counts={"sizes": Count(form=shared("sizes"), of=Inputs.examples)},
    make=_make,
    chart=_chart,
)
