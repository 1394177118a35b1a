"""Barriers on the line between two orders of the data, by hand; and what the table asks for."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pytest

from svg_texts import texts
from tickets.design import registry
from tickets.design.counts import count
from tickets.design.dag import Design
from tickets.design.experiments import needed
from tickets.figures import curves
from tickets.names import DENSE, THETA_0, TrainingName, imp, theta_i
from tickets.tables.cells import csv
from tickets.tables.connectivity import barrier, connectivity_table, render, second_trainings
from tickets.tables.tabulation import svg

DESIGN = Design(
    tasks=("rte", "mlm"),
    seeds=(1, 2),
    sparsities=("10", "20"),
    transfer="10",
    rewind="0",
    rewinds=("50",),
    mlm=("mlm",),
    evaluation="other_seed",
)
# The scores fall from 80 and 84, whose mean is 82, to 70 and 76; of seed 2 there is no barrier.
# The losses rise from 1 and 2, whose mean is 1.5, to 4.
LINES = [
    (1, [80.0, 70.0, 84.0], [1.0, 4.0, 2.0]),
    (2, [60.0, 61.0, 60.0], [1.0, 1.0, 1.0]),
]
EXPECTED = """\
task,rewind,sparsity,metric,n,ends,barrier,barrier_std,loss_barrier,loss_barrier_std
rte,0.0000,0.0000,accuracy,2,71.0000,6.0000,8.4853,1.2500,1.7678
rte,50.0000,0.2000,accuracy,2,71.0000,6.0000,8.4853,1.2500,1.7678
"""


def lines() -> list[tuple[TrainingName, pa.Table]]:
    """Of each seed a line of the full model, and one of a ticket from half of a training."""
    found: list[tuple[TrainingName, pa.Table]] = []
    for seed, scores, losses in LINES:
        dense = TrainingName(weights=THETA_0, mask=DENSE, task="rte", seed=1000 + seed, order=2)
        start, mask = theta_i("rte", "50", seed), imp("rte", "50", seed, "20")
        table = pa.table({"alpha": [0.0, 0.5, 1.0], "loss": losses, "accuracy": scores})
        found += [(dense, table), (replace(dense, weights=start, mask=mask), table)]
    return found


@pytest.mark.parametrize(
    ("values", "height"),
    [
        ([1.0, 4.0, 2.0], 2.5),
        ([3.0, 1.0, 5.0], 1.0),  # nothing is worse than an end: half of what the ends differ
        ([2.0, 2.0, 2.0], 0.0),
    ],
)
def test_a_barrier_is_the_worst_less_the_mean_of_the_ends(
    values: list[float], height: float
) -> None:
    """The ends are on the line too."""
    assert barrier(values) == height


def test_the_table_equals_the_one_worked_out_by_hand() -> None:
    """Over seeds; the full model has sparsity 0, theta_0 the rewind 0."""
    assert csv(connectivity_table(lines())).decode() == EXPECTED


def test_the_text_has_barriers_by_sparsity_and_rewind() -> None:
    table = connectivity_table([each for each in lines() if each[0].mask != DENSE])

    said = render(table).splitlines()

    assert "2 seeds" in said[0]
    assert [line.split() for line in said[-3:]] == [
        ["rte", "(accuracy)"],
        ["pruned", "rewind", "50", "%"],
        ["20", "%", "6.0", "±", "8.5"],
    ]


def test_the_figure_has_a_line_a_rewind_and_says_what_is_stable() -> None:
    shown = texts(svg(curves.connectivity(connectivity_table(lines()))))

    assert {"rte", "rewind 0 %", "rewind 50 %", "barrier (points)", "pruned (%)"} <= set(shown)
    assert any("2 points" in text for text in shown)


@pytest.mark.parametrize("evaluation", ["other_seed", "same_seed"])
def test_both_ends_of_every_ticket_are_trained(evaluation: str) -> None:
    """T S (R + 1) (K + 1) tickets, the full model among them; from the same weights, with the same
    seed. IMP's own rounds find the masks, where they are no evaluations.
    """
    design = replace(DESIGN, evaluation=evaluation)
    t, s, r, k = (len(of) for of in (design.tasks, design.seeds, design.rewinds, design.sparsities))

    second = second_trainings(design)
    kinds = count(design, registry.select_tables({"connectivity": True}))
    found = kinds.needed_by("connectivity")

    assert len(set(second)) == len(second) == t * s * (r + 1) * (k + 1)
    assert {each.order for each in second} == {2}
    rounds = t * s * (r + 1) * k if evaluation == "other_seed" else 0
    assert len(found) == 2 * len(second) + rounds
    assert found == needed(design, {replace(each, order=1) for each in second}) | set(second)
    assert kinds.jobs["interpolate"] == len(second)
    # Those of the first order are others' too, but for the masks beyond the sparsity of transfer
    # that rewind to later weights, with their last round.
    added = kinds.kinds["connectivity"]
    assert {each for each in added if each.order == 2} == set(second)
    assert added == kinds.trainings - count(design).trainings
    beyond = k - design.round(design.transfer)
    more = 2 * beyond + 1 if evaluation == "other_seed" else beyond
    assert len(added) == t * s * ((r + 1) * (k + 1) + r * more)
    assert "connectivity" not in count(design).kinds
