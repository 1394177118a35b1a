"""Combined masks in a study's configuration and design."""

from __future__ import annotations

from typing import Any

import pytest

from tickets.design.config import Study, load
from tickets.design.counts import count
from tickets.errors import BadInput

MODEL = {
    "path": "google-bert/bert-base-uncased",
    "revision": "86b5e0934494bd15c9632b12f734a8a67f723594",
}
BOTH = {"of": ["rte", "cola"], "by": "vote"}
TAKEN = "a task or finder has this name; write another one"


def study(combine: Any, **values: Any) -> Study:
    tasks = {"rte": None, "cola": None}
    return load({"model": MODEL, "tasks": tasks, "seeds": [1, 2], "combine": combine} | values)


@pytest.mark.parametrize(
    ("combine", "line"),
    [
        (
            {"both": {"of": ["rte"], "by": "vote"}},
            "both.of: vote is not of so many masks; write at least two tasks",
        ),
        (
            {"both": {"of": ["rte", "cola"], "by": "complement"}},
            "both.of: complement is not of so many masks; write one task",
        ),
        (
            {"both": {"of": [], "by": "complement"}},
            "both.of: [] is not possible; write a list of tasks of the study, all different",
        ),
        (
            {"both": {"of": ["rte", "rte"], "by": "vote"}},
            'both.of: ["rte", "rte"] is not possible; write a list of tasks of the study, all'
            " different",
        ),
        (
            {"both": {"of": ["rte", "colla"], "by": "vote"}},
            "both.of: colla is not a task of this study; write rte or cola",
        ),
        (
            {"both": {"of": ["rte", "cola"], "by": "votes"}},
            'both.by: "votes" is not possible; write union, intersection, vote or complement',
        ),
        (
            {"both": {"of": ["rte", "cola"]}},
            "both.by: missing; write union, intersection, vote or complement",
        ),
        ({"both": {**BOTH, "off": []}}, "both.off: unknown key; write of"),
        ({"cola": BOTH}, f"cola: {TAKEN}"),
        ({"sst2": BOTH}, f"sst2: {TAKEN}"),  # the paper has numbers of it
        ({"rte_9": BOTH}, f"rte_9: {TAKEN}"),  # a part of a task
        ({"imp": BOTH}, f"imp: {TAKEN}"),
        ({"random": BOTH}, f"random: {TAKEN}"),
        ({"combined": BOTH}, f"combined: {TAKEN}"),
    ],
)
def test_a_wrong_combination_gets_one_line(combine: Any, line: str) -> None:
    """What is wrong, and what to write instead."""
    with pytest.raises(BadInput) as refused:
        study(combine, subsets={"rte": [9]})

    assert str(refused.value) == f"config: combine.{line}"


def test_no_criterion_is_called_as_all_combined_masks() -> None:
    """Their paths would be the same."""
    with pytest.raises(BadInput, match=r"criteria\.combined: a finder of the project"):
        study({}, criteria={"combined": "combined.py"})


def test_a_combination_has_a_mask_a_seed_made_of_its_tasks_masks() -> None:
    """At the sparsity of transfer."""
    design = study({"both": BOTH}, transfer_sparsity=0.5).design

    mask = design.combined_mask("both", 2)

    assert str(mask) == "combined/both/seed-2/sparsity-50"
    assert list(map(str, design.parents(mask))) == [
        f"imp/{task}/rewind-0/seed-2/sparsity-50" for task in ("rte", "cola")
    ]


def test_a_complement_is_of_one_mask_at_its_sparsity() -> None:
    """So that it is compared with all that transfers."""
    design = study({"rest": {"of": ["rte"], "by": "complement"}}, transfer_sparsity=0.5).design

    mask = design.combined_mask("rest", 1)

    assert str(mask) == "combined/rest/seed-1/sparsity-50"
    assert list(map(str, design.parents(mask))) == ["imp/rte/rewind-0/seed-1/sparsity-50"]


def test_it_matters_to_the_scores_of_transfers_alone() -> None:
    """So that a new one makes no other table again."""
    with_it, without = study({"both": BOTH}).design, study({}).design

    assert with_it.for_part("transfer") != without.for_part("transfer")
    for part in ("sweep", "baselines", "transfer_variants"):
        assert with_it.for_part(part) == without.for_part(part)


def test_the_plan_counts_its_trainings_and_masks() -> None:
    """On each of two tasks, with each of two seeds."""
    with_it, without = (count(study(combine).design) for combine in ({"both": BOTH}, {}))

    added = with_it.trainings - without.trainings
    assert with_it.kinds == without.kinds | {"combined masks, both": added}
    assert len(added) == 2 * 2
    assert dict(with_it.jobs) == {**without.jobs, "combine_masks": 2} | {
        job: without.jobs[job] + more for job, more in (("rewind", 2), ("train", 4))
    }
