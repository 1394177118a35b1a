"""Whether a study can answer: each check alone, by hand."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pandas as pd
import pytest

from fake_masks import WEIGHTS, Weights, named
from fake_metrics import Rows, trainings
from tickets.tables.answerability import answerability_table, render
from tickets.tables.full_models import full_models_table

POOLER = [weight for weight in WEIGHTS if weight[0].startswith("pooler")]
OTHERS = [weight for weight in WEIGHTS if weight not in POOLER]
TASKS = ("sentence", "pair", "mlm")


def scores(**changes: Any) -> Rows:
    """A study in which everything passes; a second training adds nothing."""
    rows: Rows = []
    for target in TASKS:
        rows += trainings("majority", target, [50], weights="none")
        rows += trainings("dense", target, [80, 82, 84])
        rows += trainings("dense", target, [80, 82, 84], weights="trained")
        for source in TASKS:
            rows += trainings("imp", target, [80, 82, 84], source=source)
        rows += trainings("oneshot", target, [80, 82, 84])
        rows += trainings("random", target, [50, 50, 50])
    for row in rows:
        if all(row[name] == value for name, value in changes.get("where", {"finder": ""}).items()):
            row |= changes["values"]
    return rows


def masks(seeds: Collection[Weights] = (), oneshot: Weights = ()) -> list[Any]:
    """MLM's masks of two seeds, another task's, and the one-shot mask."""
    first, second = seeds or (OTHERS[:20] + POOLER[:2], OTHERS[:19] + OTHERS[20:21] + POOLER[:2])
    shot = oneshot or OTHERS[10:30] + POOLER[:2]
    return [
        named("imp", "mlm", 1, first),
        named("imp", "mlm", 2, second),
        named("imp", "pair", 1, first),
        named("imp", "pair", 2, second),
        named("oneshot", None, None, shot),
        named("random", None, 1, OTHERS[:22]),
    ]


def table(rows: Rows | None = None, found: list[Any] | None = None) -> pd.DataFrame:
    metrics = pd.DataFrame(rows or scores())
    full_models = full_models_table(metrics, TASKS)
    return answerability_table(metrics, full_models, found or masks(), ("mlm",))


def failing(made: pd.DataFrame) -> list[tuple[str, ...]]:
    rows = made[~made["passes"]]
    return [tuple(str(row[name]) for name in ("check", "claims")) for _, row in rows.iterrows()]


def test_a_study_without_a_fault_can_answer() -> None:
    """Every check passes; the rows are those of masks, targets, full models and MLM tasks."""
    made = table()

    assert made["passes"].all()
    assert made["check"].value_counts().to_dict() == {
        "pooler": 3,  # of MLM, pair and one-shot: random masks are not asked
        "predictions": 2,  # MLM predicts words in context
        "learned": 3,
        "convergence": 3,
        "overlap": 1,
    }
    assert made["obstacle"].isna().all()
    assert "cannot" not in render(made)


def test_a_pooler_that_is_pruned_away_is_seen() -> None:
    """22 of 58 weights are kept, so that 3.79 % of the pooler would do; none is kept."""
    made = table(found=masks(oneshot=OTHERS[8:30]))

    [row] = made[~made["passes"]].to_dict("records")
    assert (row["check"], row["mask"], row["value"]) == ("pooler", "oneshot", 0)
    assert row["bound"] == pytest.approx(100 * 0.1 * 22 / 58, abs=1e-4)
    assert row["claims"] == "5 6 7 8"
    assert "the mask of oneshot keeps 0.00 % of the pooler" in row["obstacle"]


def test_networks_that_answer_alike_are_seen() -> None:
    """One class for all examples under every seed of a mask; of a correlation few numbers."""
    where = {"finder": "imp", "source_task": "mlm", "target_task": "sentence"}
    constant = scores(where=where, values={"distinct": 1})
    assert failing(table(constant)) == [("predictions", "5 6 7 8")]
    assert failing(table(scores(where=where | {"seed": 2}, values={"distinct": 1}))) == []

    where["target_task"] = "pair"
    assert failing(table(scores(where=where, values={"distinct": 9}))) != []
    assert failing(table(scores(where=where, values={"distinct": 10}))) == []
    where |= {"finder": "random", "source_task": None}
    assert failing(table(scores(where=where, values={"distinct": 1}))) == []


def test_a_full_model_that_has_learned_nothing_is_seen() -> None:
    """The margin of its least seed over the majority answer must be a point."""
    majority = {"finder": "majority", "target_task": "pair"}
    answers = [{"score": score, "replicates": [score] * 1000} for score in (79, 79.1)]
    table_of = [table(scores(where=majority, values=answer)) for answer in answers]
    assert [failing(each) for each in table_of] == [[], [("learned", "1 5 6 7 8")]]
    assert "may be no more than 0.9 points above" in " ".join(render(table_of[1]).split())


def test_a_full_model_that_still_improves_is_seen() -> None:
    """By more than its standard deviation, here of two points, or more than one point."""
    again = {"finder": "dense", "weights": "trained", "target_task": "pair"}
    better = table(scores(where=again, values={"score": 84.1}))
    assert failing(better) == [("convergence", "1 5")]
    assert "a second training adds 2.1 points" in " ".join(render(better).split())
    assert failing(table(scores(where=again, values={"score": 84.0}))) == []


def test_mlms_mask_must_be_further_from_oneshot_than_its_seeds_from_each_other() -> None:
    """Jaccard 21/23 between seeds: the one-shot mask may not be as near to both."""
    near = table(found=masks(oneshot=OTHERS[:19] + OTHERS[21:22] + POOLER[:2]))

    [row] = near[near["check"] == "overlap"].to_dict("records")
    assert (row["value"], row["bound"]) == (pytest.approx(21 / 23, abs=1e-4),) * 2
    assert not row["passes"]
    assert row["claims"] == "5 8"


def test_one_seed_shows_no_overlap_between_seeds() -> None:
    """Then the check does not pass, and says why."""
    alone = [pair for pair in masks() if pair[0].seed in (None, 1)]

    made = table(found=alone)

    assert ("overlap", "5 8") in failing(made)
    [said] = made.loc[made["check"] == "overlap", "obstacle"]
    assert said == "with one seed it is unknown how close the masks of mlm are to each other"
