"""Transferability by plain means over targets, as earlier versions took them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from tickets.tables.cells import Cell, Scores, dense, frame, select, select_paired
from tickets.tables.transferability import COLUMNS, check_seeds, row, targets_of


def transferability_table(
    metrics: pd.DataFrame,
    tasks: Sequence[str],
    subsets: Mapping[str, str],
    sizes: Mapping[str, int],
    sparsity: float,
    rewind: float,
) -> pd.DataFrame:
    """As today's table, but `mean` is over the source's own targets."""
    rows: list[tuple[object, ...]] = []
    for source in (*tasks, *subsets):
        targets = targets_of(source, tasks, subsets)
        cells = [
            Cell(finder="imp", source=source, target=target, sparsity=sparsity, rewind=rewind)
            for target in targets
        ]
        transferred = _mean([select_paired(metrics, cell) for cell in cells])
        full = _mean([select(metrics, dense(target)) for target in targets])
        rows.append(row(source, subsets, sizes, len(targets), transferred, full))
    return frame(rows, COLUMNS)


def _mean(of_targets: Sequence[Scores]) -> Scores:
    check_seeds(of_targets)
    return Scores(
        metric="mean",
        by_seed=pd.Series(
            np.mean([scores.by_seed for scores in of_targets], axis=0),
            index=of_targets[0].by_seed.index,
        ),
        replicates=np.mean([scores.replicates for scores in of_targets], axis=0),
    )
