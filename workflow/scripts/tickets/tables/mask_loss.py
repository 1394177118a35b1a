"""Mask loss: does a mask that keeps the loss of pre-training low serve the other tasks better?

Liu et al. (NAACL 2022, arXiv 2204.11218) plot a subnetwork's MLM loss before any
fine-tuning against its score after it. Here every mask of the study at the sparsity of transfer is
a point: IMP's of each task, one-shot, random, and those of the sweep.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from tickets.design.dag import Design
from tickets.design.metrics import Metrics
from tickets.design.parameters import REWIND, SPARSITY, Parameter, shared
from tickets.design.table_spec import TableSpec
from tickets.errors import BadInput
from tickets.methods import rank_correlation
from tickets.names import DENSE, THETA_0, MaskName, TrainingName, oneshot, random, training
from tickets.tables.cells import Cell, dense, frame, rounded, select
from tickets.terminal import blocks

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from tickets.figures.charts import Chart, Theme

COLUMNS = (
    "finder",
    "source",
    "mask_seed",
    "sparsity",
    "loss",
    "words",
    "targets",
    "n",
    "mean",
    "std",
    "full_mean",
    "delta_full",
)


def masks(design: Design) -> list[MaskName]:
    """The dense mask, and all at the sparsity of transfer that are compared; each once."""
    own = [design.own_mask(task, seed) for task in design.tasks for seed in design.seeds]
    found = [
        design.mask_by(finder, task, seed, design.transfer)
        for finder in design.sweep
        for task in design.tasks
        for seed in design.seeds
    ]
    chance = [random(seed, design.transfer) for seed in design.seeds]
    return list(dict.fromkeys([DENSE, *own, oneshot(design.transfer), *chance, *found]))


def downstream(design: Design) -> list[str]:
    """The tasks that are not masked language modelling."""
    return [task for task in design.tasks if task not in design.mlm]


def transfers(design: Design) -> list[TrainingName]:
    """Each of the masks on every downstream task, by its own seed if it has one."""
    return [
        training(THETA_0, mask, target, design.evaluation_seed(seed))
        for mask in masks(design)
        for target in downstream(design)
        for seed in design.seeds
        if mask.seed in (None, seed)
    ]


def mask_loss_table(
    metrics: pd.DataFrame,
    losses: Iterable[tuple[MaskName, pa.Table]],
    targets: Sequence[str],
    sparsity: float,
    rewind: float,
) -> pd.DataFrame:
    """One row a mask, the full model (`dense`) first.

    `loss` is theta_0's under the mask before any training, with its pre-trained head: the mean over
    the `words` that the MLM task's validation split hides, in nats. `mean` is the mask's score
    after fine-tuning, per cent: each of the `targets` counts the same, with its primary metric, a
    mask's own task too. It is over `n` seeds, that of the mask if it has one, and `std` is the
    sample deviation of the seeds' means. `full_mean` is the full model's on the same targets and
    seeds, `delta_full` the difference from it.

    Raises:
        BadInput: a cell is missing, a mask has scores but no losses or the other way round, it has
            two losses, or a loss is not a number.
    """
    known = dict[MaskName, tuple[float, int]]()
    for mask, table in losses:
        if mask in known:
            raise BadInput(f"losses: two of mask {mask}; compare losses on one task")
        known[mask] = _mean_loss(mask, table)
    if extra := {_key(mask) for mask in known} ^ _scored(metrics):
        raise BadInput(f"losses: not of the masks that have scores ({len(extra)} differ)")
    rows = [
        (
            mask.finder,
            mask.source_task,
            mask.seed,
            0.0 if mask == DENSE else sparsity,
            *loss,
            len(targets),
            *_scores(metrics, mask, targets, sparsity, rewind),
        )
        for mask, loss in known.items()
    ]
    return frame(rows, COLUMNS).astype({"mask_seed": "Int64"})


def _mean_loss(mask: MaskName, table: pa.Table) -> tuple[float, int]:
    """A mask's mean loss, and the number of words that it is over."""
    words = int(table["words"].to_numpy().sum())
    loss = float(table["loss"].to_numpy().sum()) / words if words else float("nan")
    if not loss < float("inf"):
        raise BadInput(f"losses: that of mask {mask} is not a number; take it again")
    return rounded(loss), words


def _key(mask: MaskName) -> tuple[str, str, int]:
    return mask.finder, mask.task, -1 if mask.seed is None else mask.seed


def _scored(metrics: pd.DataFrame) -> set[tuple[str, str, int]]:
    """The masks that have scores, as `_key` gives them."""
    finders, tasks = metrics["finder"], metrics["source_task"].fillna("")
    return set(zip(finders, tasks, metrics["mask_seed"].fillna(-1).astype(int), strict=True))


def _scores(
    metrics: pd.DataFrame, mask: MaskName, targets: Sequence[str], sparsity: float, rewind: float
) -> tuple[object, ...]:
    """A row's columns from `n` on."""
    import pandas as pd

    of_mask = (
        metrics["mask_seed"].isna() if mask.seed is None else metrics["mask_seed"] == mask.seed
    )
    own, full = dict[str, "pd.Series[float]"](), dict[str, "pd.Series[float]"]()
    for target in targets:
        cell = Cell(
            finder=mask.finder,
            source=mask.source_task,
            target=target,
            sparsity=0.0 if mask == DENSE else sparsity,
            rewind=rewind if mask.rewind else None,
        )
        own[target] = select(metrics[of_mask.fillna(False).astype(bool)], cell).by_seed
        full[target] = select(metrics, dense(target)).by_seed.reindex(own[target].index)
    by_seed, full_by_seed = (pd.DataFrame(each).mean(axis=1, skipna=False) for each in (own, full))
    if by_seed.isna().any() or full_by_seed.isna().any():
        raise BadInput(f"metrics: mask {mask} has other seeds on one target than on another")
    mean, full_mean = rounded(by_seed.mean()), rounded(full_by_seed.mean())
    std = rounded(by_seed.std(ddof=1))
    return len(by_seed), mean, std, full_mean, rounded(mean - full_mean)


def render(table: pd.DataFrame) -> str:
    """The table as text: means of each finder's masks, and how the two orders agree (Spearman)."""
    pruned = table[table["finder"] != DENSE.finder]
    groups = [*table.groupby("finder", sort=False), ("all pruned", pruned)]
    columns = [
        ["masks", *(str(len(rows)) for _, rows in groups)],
        ["loss", *(f"{rows['loss'].mean():.2f}" for _, rows in groups)],
        ["score", *(f"{rows['mean'].mean():.1f}" for _, rows in groups)],
        ["rank correlation", *(rank_correlation(rows) for _, rows in groups)],
    ]
    lines = [
        "theta_0's MLM loss under a mask (nats), and the mean score on the downstream tasks after",
        "training (per cent); over the masks of each finder",
        *blocks(["", *(str(name) for name, _ in groups)], columns),
    ]
    return "\n".join(lines)


def _chart(table: pd.DataFrame, *theme: Theme) -> Chart:
    from tickets.figures import mask_loss

    return mask_loss.mask_loss(table, *theme)


TARGETS = Parameter(form=shared("tasks"), of=downstream)
TABLE = TableSpec(
    name="mask_loss",
    optional=True,
    metrics=Metrics(trainings=transfers),
    losses=masks,
    parameters={"targets": TARGETS, "sparsity": SPARSITY, "rewind": REWIND},
    make=lambda inputs: mask_loss_table(
        inputs.metrics(),
        inputs.losses(),
        inputs["targets"],
        inputs.number("sparsity"),
        inputs.number("rewind"),
    ),
    render=lambda table, _: render(table),
    chart=_chart,
)
