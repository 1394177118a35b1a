"""Masks by their loss before training and their scores after it, worked out by hand."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pytest

import fake_metrics
from fake_metrics import Rows, frame, trainings
from svg_texts import texts
from tickets.design.dag import Design
from tickets.errors import BadInput
from tickets.figures.mask_loss import mask_loss
from tickets.names import DENSE, MaskName, imp, oneshot, random
from tickets.tables.cells import csv
from tickets.tables.mask_loss import downstream, mask_loss_table, masks, render, transfers
from tickets.tables.tabulation import svg

TARGETS = ("sentence", "pair")
TABLE = """\
finder,source,mask_seed,sparsity,loss,words,targets,n,mean,std,full_mean,delta_full
dense,,,0.0000,0.5000,4,2,2,85.0000,1.4142,85.0000,0.0000
imp,mlm,1,0.7000,1.0000,4,2,1,75.0000,,84.0000,-9.0000
imp,mlm,2,0.7000,1.5000,4,2,1,78.0000,,86.0000,-8.0000
oneshot,,,0.7000,2.0000,4,2,2,60.0000,0.0000,85.0000,-25.0000
"""
TEXT = """\
theta_0's MLM loss under a mask (nats), and the mean score on the downstream tasks after
training (per cent); over the masks of each finder

            masks  loss  score  rank correlation
dense           1  0.50   85.0
imp             2  1.25   76.5
oneshot         1  2.00   60.0
all pruned      3  1.50   71.0             -0.50"""
MASKS = {
    DENSE: 2.0,
    imp("mlm", "0", 1, "70"): 4.0,
    imp("mlm", "0", 2, "70"): 6.0,
    oneshot("70"): 8.0,
}


def scores() -> Rows:
    """Of two seeds on two tasks."""
    return [
        *(*trainings("dense", "sentence", (88, 92)), *trainings("dense", "pair", (80, 80))),
        *trainings("imp", "sentence", (80, 86), source="mlm"),
        *trainings("imp", "pair", (70, 70), source="mlm"),
        *(*trainings("oneshot", "sentence", (50, 60)), *trainings("oneshot", "pair", (70, 60))),
    ]


def losses(totals: dict[MaskName, float]) -> list[tuple[MaskName, pa.Table]]:
    """Four hidden words in three sequences, one of which hides none."""
    return [
        (mask, pa.table({"loss": [0.25 * total, 0.0, 0.75 * total], "words": [1, 0, 3]}))
        for mask, total in totals.items()
    ]


def table(rows: Rows | None = None, totals: dict[MaskName, float] | None = None) -> pd.DataFrame:
    given = losses(MASKS if totals is None else totals)
    return mask_loss_table(frame(rows or scores()), given, TARGETS, fake_metrics.SPARSITY, 0)


def test_means_are_over_targets_and_the_masks_own_seeds() -> None:
    """A word counts the same in every sequence, a target whatever its metric is."""
    assert csv(table()).decode() == TABLE


def test_the_text_shows_it() -> None:
    """Losses 1, 1.5, 2 and scores 75, 78, 60: ranks 1, 2, 3 and 2, 3, 1."""
    assert render(table()) == TEXT


@pytest.mark.parametrize(
    ("rows", "totals", "problem"),
    [
        (scores(), dict(list(MASKS.items())[:-1]), "not of the masks that have scores"),
        (scores(), MASKS | {random(1, "70"): 1.0}, "not of the masks that have scores"),
        (scores(), MASKS | {DENSE: float("nan")}, "mask dense is not a number"),
        (scores()[:-1], MASKS, "other seeds on one target"),
        (scores()[:-2], MASKS, r"no row for cell \(oneshot"),
    ],
)
def test_what_does_not_fit_together_is_refused(
    rows: Rows, totals: dict[MaskName, float], problem: str
) -> None:
    """Masks without losses or scores, seeds that are missing, losses that are no numbers."""
    with pytest.raises(BadInput, match=problem):
        table(rows, totals)


def test_two_losses_of_a_mask_are_refused() -> None:
    """They would be of two MLM tasks."""
    given = losses(MASKS)

    with pytest.raises(BadInput, match="losses: two of mask dense"):
        mask_loss_table(frame(scores()), [*given, given[0]], TARGETS, fake_metrics.SPARSITY, 0)


def test_which_masks_and_trainings() -> None:
    """Those of the sweep are from each task and seed that they depend on, and MLM is no target."""
    design = Design(
        tasks=("pair", "mlm"),
        seeds=(1, 2),
        sparsities=("50", "70"),
        transfer="70",
        rewind="0",
        mlm=("mlm",),
        sweep=("oneshot", "synflow", "mask_training"),
        evaluation="other_seed",
    )
    found = list(map(str, masks(design)))
    scored = list(map(str, transfers(design)))

    assert downstream(design) == ["pair"]
    assert found == [
        "dense",
        *(
            f"imp/{task}/rewind-0/seed-{seed}/sparsity-70"
            for task in design.tasks
            for seed in (1, 2)
        ),
        "oneshot/sparsity-70",
        *("random/seed-1/sparsity-70", "random/seed-2/sparsity-70", "synflow/sparsity-70"),
        *(f"mask_training/{t}/seed-{seed}/sparsity-70" for t in design.tasks for seed in (1, 2)),
    ]
    assert len(scored) == len(set(scored)) == 3 * 2 + 10
    assert "theta_0/mask_training/mlm/seed-2/sparsity-70/on-pair/seed-1002" in scored
    assert "theta_0/synflow/sparsity-70/on-pair/seed-1001" in scored


def test_masks_that_score_alike_have_no_order() -> None:
    """Neither in the text nor on the chart."""
    lines = render(table().assign(mean=50.0)).splitlines()

    assert not [line for line in lines if "nan" in line]


def test_the_chart_has_a_point_a_mask() -> None:
    """Its legend names the finders, and it says how the ranks agree: by hand -1 + 1/2."""
    shown = svg(mask_loss(table()))

    assert shown.count(b'aria-roledescription="point"') == len(MASKS)
    assert {"full model", "IMP", "one-shot"} <= set(texts(shown))
    assert "over 3 masks: -0.50." in " ".join(texts(shown))
    alike = svg(mask_loss(table().assign(mean=50.0)))
    assert "over 3 masks: none." in " ".join(texts(alike))
