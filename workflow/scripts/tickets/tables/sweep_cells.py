"""The cells of the sweep: a finder's masks of increasing sparsity on one task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tickets.design.parameters import Parameter
from tickets.schedule import parse
from tickets.tables.cells import Cell

if TYPE_CHECKING:
    import pandas as pd

FINDERS = Parameter(
    form={"type": "array", "items": {"$ref": "#/definitions/sweep_finder"}},
    of=lambda design: list(design.sweep),
)
"""The finders that are followed beside IMP."""


def cells_of(
    metrics: pd.DataFrame, finder: str, task: str, sparsities: Sequence[str], rewind: float
) -> list[Cell]:
    """A finder's cells on a task, one a sparsity; masks that depend on a task are those of this
    one. `sparsities` are labels in percent, `rewind` is that of masks found in rounds, in percent.
    """
    own = metrics[metrics["finder"] == finder]
    on_a_task, rewinds = (own[part].notna().any() for part in ("source_task", "rewind"))
    return [
        Cell(
            finder=finder,
            source=task if on_a_task else None,
            target=task,
            sparsity=float(parse(label)),
            rewind=rewind if rewinds else None,
        )
        for label in sparsities
    ]
