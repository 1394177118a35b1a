"""Layer sparsity: the fraction that a mask prunes of each matrix."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from tickets.design import experiments
from tickets.design.table_spec import TableSpec
from tickets.errors import BadInput
from tickets.masks import PackedMask
from tickets.names import MaskName
from tickets.prunable import place
from tickets.tables.cells import frame, rounded

if TYPE_CHECKING:
    import pandas as pd

    from tickets.figures.charts import Chart, Theme

COLUMNS = ("finder", "source", "sparsity", "layer", "matrix", "n", "mean", "std")
GROUP = ["finder", "source", "sparsity", "layer", "matrix"]


def layer_sparsity_table(masks: Iterable[tuple[MaskName, PackedMask]]) -> pd.DataFrame:
    """The fraction pruned of each matrix, by layer and kind: mean and sample standard deviation.

    One block of rows per finder, source and sparsity of the whole mask, in the order of their first
    masks; within a block the order of the prunable set. `n` counts seeds.

    Raises:
        BadInput: two masks have the same finder, source, sparsity and seed.
    """
    rows: list[tuple[object, ...]] = []
    seen: set[tuple[object, ...]] = set()
    for identity, packed in masks:
        whole = rounded(1 - int(packed.kept.sum()) / packed.prunable.size)
        mask = (identity.finder, identity.source_task, whole)
        if (*mask, identity.seed) in seen:
            raise BadInput(
                f"masks: two of {identity.finder} {identity.source_task or ''} with seed "
                f"{identity.seed} at sparsity {whole}; compare masks of one rewinding point"
            )
        seen.add((*mask, identity.seed))
        rows += [
            (*mask, *place(name), 1 - int(kept) / math.prod(shape))
            for (name, shape), kept in zip(packed.prunable.shapes.items(), packed.kept, strict=True)
        ]
    pruned = frame(rows, [*GROUP, "pruned"])
    table = pruned.groupby(GROUP, sort=False, dropna=False)["pruned"].agg(
        n="size", mean="mean", std="std"
    )
    table[["mean", "std"]] = table[["mean", "std"]].map(rounded)
    return table.reset_index()


def _chart(table: pd.DataFrame, *theme: Theme) -> Chart:
    from tickets.figures import heat_maps

    return heat_maps.layer_sparsity(table, *theme)


TABLE = TableSpec(
    name="layer_sparsity",
    position=100,
    masks=experiments.compared_masks,
    parameters={},
    make=lambda inputs: layer_sparsity_table(inputs.masks()),
    chart=_chart,
)
