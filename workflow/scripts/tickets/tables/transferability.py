"""Transferability: mean transfer of a source's mask, by the size of its training set.

A source is a task, or a part of a task's training examples; the parts of one task differ only in
size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tickets.design import experiments
from tickets.design.metrics import Metrics
from tickets.design.parameters import REWIND, SPARSITY, TASKS, Parameter, shared
from tickets.design.table_spec import Count, Inputs, TableSpec
from tickets.errors import BadInput
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
    `mean` is the mean of TRANSFER(S, T) - full(T) over seeds and all targets T but the source and
    the task that it is a part of, `std` the standard deviation over seeds of the mean over targets;
    `low` and `high` are the 95 % interval of `mean`.

    Raises:
        BadInput: a size is missing, there is no other task, a cell is missing, or cells differ in
            their seeds.
    """
    rows: list[tuple[object, ...]] = []
    for source in (*tasks, *subsets):
        if source not in sizes:
            raise BadInput(f"--examples: none of {source}; write {source}=FILE")
        parent = subsets.get(source, "")
        targets = [task for task in tasks if task not in (source, parent)]
        if not targets:
            raise BadInput(f"--tasks: no target besides {source}; transfer needs two tasks")
        cells = [
            Cell(finder="imp", source=source, target=target, sparsity=sparsity, rewind=rewind)
            for target in targets
        ]
        transferred = _mean([select_paired(metrics, cell) for cell in cells])
        full = _mean([select(metrics, dense(target)) for target in targets])
        difference = transferred.by_seed - full.by_seed
        rows.append(
            (
                source,
                parent,
                sizes[source],
                len(targets),
                transferred.n,
                rounded(float(difference.mean())),
                rounded(float(difference.std(ddof=1))),
                *interval(transferred, full),
            )
        )
    return frame(rows, COLUMNS)


def _mean(of_targets: Sequence[Scores]) -> Scores:
    """The mean over targets of each seed's scores, and of each replicate.

    Examples of different targets are resampled independently, so that the mean's replicates vary as
    the mean does.
    """
    import pandas as pd

    seeds = of_targets[0].seeds
    for scores in of_targets:
        if scores.seeds != seeds:
            raise BadInput(
                f"metrics: targets have seeds {seeds} and {scores.seeds}, so that there is no mean "
                "over targets; run the trainings that are missing"
            )
    return Scores(
        metric="mean",
        by_seed=pd.Series(
            np.mean([scores.by_seed for scores in of_targets], axis=0),
            index=of_targets[0].by_seed.index,
        ),
        replicates=np.mean([scores.replicates for scores in of_targets], axis=0),
    )


def _sources(parameters: Mapping[str, Any]) -> list[str]:
    return [*parameters["tasks"], *(part for part, _ in parameters["subsets"])]


def _make(inputs: Inputs) -> pd.DataFrame:
    metrics, subsets = inputs.metrics(), dict(inputs["subsets"])
    sparsity, rewind = inputs.number("sparsity"), inputs.number("rewind")
    sizes = inputs.examples()
    return transferability_table(metrics, inputs["tasks"], subsets, sizes, sparsity, rewind)


def _draw(table: pd.DataFrame) -> dict[str, bytes]:
    from tickets.figures import charts, scatter

    return charts.pictures(scatter.transferability(table))


SUBSETS = Parameter(
    form=shared("subset_pairs"),
    of=lambda design: [list(pair) for pair in design.subsets.items()],
)
TABLE = TableSpec(
    name="transferability",
    position=80,
    metrics=Metrics(trainings=experiments.transferability),
    examples=_sources,
    parameters={"tasks": TASKS, "sparsity": SPARSITY, "rewind": REWIND, "subsets": SUBSETS},
    counts={"sizes": Count(form=shared("sizes"), of=Inputs.examples)},
    make=_make,
    draw=_draw,
)
