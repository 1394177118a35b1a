"""Answerability: whether a study can decide the paper's claims at all.

Each check compares a value with a bound that was fixed beforehand. Where it does not pass, the
claims that it bears on are not decided, whatever their tests say.

pooler: the share of the pooler that a mask keeps, in per cent. Classification and regression read
nothing else; a pooler that was not trained is pruned away, and every transfer to them fails alike.
predictions: of the masks on a target but random and combined ones, the least number of different
predictions, by the best of a mask's seeds. One means that a network answers nothing; few numbers,
where a metric is a correlation, that they were rounded.
learned: the lower end of the full model's margin over the best constant answer. Any mask matches a
full model that has learned nothing.
convergence: points that a second training adds to the full model. One that still improves is
matched by whatever was trained for longer, such as a mask that was found in rounds of training.
overlap: the Jaccard index of MLM's mask and the one-shot mask, beside that of MLM's masks of two
seeds. If the first is no smaller, MLM's rounds moved its mask no further than chance does; with one
seed that is unknown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, product
from math import isnan, nan
from statistics import fmean
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import numpy as np

from tickets.design import experiments
from tickets.design.parameters import MLM_TASKS
from tickets.design.table_spec import Inputs, TableSpec
from tickets.finder import COMBINED
from tickets.masks import PackedMask
from tickets.names import MaskName
from tickets.prunable import place
from tickets.tables.cells import NOTABLE, frame, read_csv, rounded
from tickets.terminal import WIDTH

if TYPE_CHECKING:
    import pandas as pd

Masks = Sequence[tuple[MaskName, PackedMask]]

COLUMNS = (
    *("check", "task", "mask", "n", "value", "low", "high", "bound", "passes", "claims"),
    "obstacle",
)
CLAIMS = {
    **{"pooler": "5 6 7 8", "predictions": "5 6 7 8"},
    **{"learned": "1 5 6 7 8", "convergence": "1 5", "overlap": "5 8"},
}
"""The numbers of the claims that each check bears on."""

POOLER = 0.1
"""A mask must keep this part of the share that it keeps of all weights."""

DIFFERENT = 2
"""The least number of different classes or answers."""

CORRELATED, SPREAD = ("pearson", "spearman"), 0.1
"""For these metrics, the least number of different predictions is this share of the examples."""


def answerability_table(
    metrics: pd.DataFrame, full_models: pd.DataFrame, masks: Masks, mlm_tasks: Sequence[str]
) -> pd.DataFrame:
    """One row per check and task or mask.

    metrics: scores of transfers. full_models: the table of that name. masks: those that are
    transferred. `low` and `high` are the 95 % interval of a margin or gain. `passes` is whether the
    value is at least its bound (pooler, predictions, learned), at most (convergence) or less
    (overlap); if not, `obstacle` says what the matter is.
    """
    found = [(name, mask) for name, mask in masks if name.finder != "random"]
    rows = [
        *_poolers(found),
        *(_predictions(metrics, task) for task in full_models["task"] if task not in mlm_tasks),
        *_full_models(full_models),
        *_overlaps(found, mlm_tasks),
    ]
    for row in rows:
        row["claims"] = CLAIMS[str(row["check"])]
        row["obstacle"] = None if row["passes"] else _obstacle(row)
    table = frame(rows, COLUMNS)
    numbers = dict.fromkeys(("value", "low", "high", "bound"), float)
    return table.astype(numbers).astype({"passes": bool})


def _poolers(masks: Masks) -> Iterator[dict[str, object]]:
    shares: dict[str, list[tuple[float, float]]] = {}
    for name, mask in masks:
        sizes = [int(np.prod(shape)) for shape in mask.prunable.shapes.values()]
        for matrix, size, kept in zip(mask.prunable.shapes, sizes, mask.kept, strict=True):
            if place(matrix)[1] == "pooler":
                share = int(kept) / size, int(mask.kept.sum()) / sum(sizes)
                shares.setdefault(name.task or name.finder, []).append(share)
    for source, pairs in shares.items():
        value, overall = 100 * np.mean(pairs, axis=0)
        yield {
            "check": "pooler",
            "mask": source,
            "n": len(pairs),
            "value": rounded(float(value)),
            "bound": rounded(POOLER * float(overall)),
            "passes": value >= POOLER * overall,
        }


def _predictions(metrics: pd.DataFrame, target: str) -> dict[str, object]:
    rows = metrics[
        metrics["primary"].astype(bool)
        & (metrics["target_task"] == target)
        & ~metrics["finder"].isin(["dense", "random", "majority", COMBINED])
    ]
    by_mask = rows.groupby(rows["source_task"].fillna(rows["finder"]), sort=False)["distinct"]
    most = by_mask.max()
    correlated = rows["metric"].iloc[0] in CORRELATED
    bound = SPREAD * rows["examples"].max() if correlated else DIFFERENT
    return {
        "check": "predictions",
        "task": target,
        "mask": most.idxmin(),
        "n": int(by_mask.size().min()),
        "value": most.min(),
        "bound": bound,
        "passes": most.min() >= bound,
    }


def _full_models(full_models: pd.DataFrame) -> Iterator[dict[str, object]]:
    """What the table of full models says of each task."""
    for row in full_models.to_dict("records"):
        yield {
            **{"check": "learned", "task": row["task"], "n": row["n"]},
            **{"value": row["margin_low"], "low": row["margin_low"], "high": row["margin_high"]},
            **{"bound": NOTABLE, "passes": row["learned"]},
        }
        yield {
            **{"check": "convergence", "task": row["task"], "n": row["n"]},
            **{"value": row["gain"], "low": row["gain_low"], "high": row["gain_high"]},
            **{"bound": row["bound"], "passes": row["levelled"]},
        }


def _overlaps(masks: Masks, mlm_tasks: Sequence[str]) -> Iterator[dict[str, object]]:
    oneshot = [mask for name, mask in masks if name.finder == "oneshot"]
    for task in mlm_tasks:
        own = [mask for name, mask in masks if name.task == task]
        with_oneshot = [_jaccard(*pair) for pair in product(own, oneshot)]
        of_seeds = [_jaccard(*pair) for pair in combinations(own, 2)]
        value, bound = rounded(fmean(with_oneshot)), rounded(fmean(of_seeds or [nan]))
        yield {
            "check": "overlap",
            "task": task,
            "mask": "oneshot",
            "n": len(own),
            "value": value,
            "bound": bound,
            "passes": value < bound,
        }


def _jaccard(one: PackedMask, other: PackedMask) -> float:
    both = int(one.kept_with(other).sum())
    return both / (int(one.kept.sum()) + int(other.kept.sum()) - both)


def _obstacle(row: Mapping[str, Any]) -> str:
    task, mask, value, bound = (row.get(name) for name in ("task", "mask", "value", "bound"))
    if isnan(row["bound"]):
        return f"with one seed it is unknown how close the masks of {task} are to each other"
    return {
        "pooler": f"the mask of {mask} keeps {value:.2f} % of the pooler, less than {bound:.2f}",
        "predictions": f"on {task} networks under the mask of {mask} give {value:.0f} different"
        f" predictions, less than {bound:.0f}",
        "learned": f"the full model of {task} may be no more than {value:.1f} points above the"
        f" best constant answer, less than {bound:.1f}",
        "convergence": f"the full model of {task} still improves: a second training adds"
        f" {value:.1f} points, more than {bound:.1f}",
        "overlap": f"the mask of {task} is as close to the one-shot mask ({value:.3f}) as its seeds"
        f" are to each other ({bound:.3f})",
    }[row["check"]]


def render(table: pd.DataFrame) -> str:
    """The table as text: the range of each check's values, and what stands in the way of claims."""
    lines = ["Can this study answer? Checks on all masks and full models"]
    for check, rows in table.groupby("check", sort=False):
        values, passed = rows["value"], int(rows["passes"].sum())
        lines.append(
            f"{check}: {passed} of {len(rows)} pass; from {values.min():.4g} to {values.max():.4g}"
        )
    for claims, failed in table[~table["passes"]].groupby("claims", sort=True):
        numbers = " and ".join(str(claims).split())
        lines += wrap(
            f"Claims {numbers} cannot be decided: {'; '.join(failed['obstacle'])}.",
            WIDTH,
            subsequent_indent="  ",
        )
    return "\n".join(lines)


def _make(inputs: Inputs) -> pd.DataFrame:
    masks = list(inputs.masks())
    full_models = read_csv(inputs.content("full_models"))
    return answerability_table(inputs.metrics("transfer"), full_models, masks, inputs["mlm_tasks"])


TABLE = TableSpec(
    name="answerability",
    position=105,
    tables=("full_models",),
    metrics_of=("transfer",),
    masks=experiments.compared_masks,
    parameters={"mlm_tasks": MLM_TASKS},
    make=_make,
    render=lambda table, _: render(table),
)
