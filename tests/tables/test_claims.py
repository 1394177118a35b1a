"""Every claim on scores made by hand: where it holds, where it does not, where nothing says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from scipy import stats

from paper_tables import (
    NO_LATER,
    STANDARD,
    TASKS,
    among,
    later,
    rewinding,
    scored,
    sources,
    study,
    sweep,
    tickets,
    transfer,
)
from tickets.tables.claims import claims
from tickets.tables.verdicts import Part, Verdict

YES, NO, OPEN = Verdict.HOLDS, Verdict.FAILS, Verdict.UNDECIDED


def verdict(number: int, seeds: int = 5, noise: float = 0.2, **other: Any) -> Verdict:
    return claims(scored(study(**other), seeds, noise))[number - 1].verdict


def parts(number: int, seeds: int = 5, noise: float = 0.2, **other: Any) -> dict[str, Part]:
    found = claims(scored(study(**other), seeds, noise))[number - 1].parts
    return {part.proposition: part for part in found}


def with_delta(delta: float, of: pd.Series[bool], rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of rewinding.csv, with another gain where `of` says."""
    return rows.assign(delta_rewind_0=rows["delta_rewind_0"].mask(of, delta))


@pytest.mark.parametrize("seeds", [3, 5])
def test_all_claims_can_hold(seeds: int) -> None:
    """In the paper's order, each with the test that says so; three seeds are enough."""
    found = claims(scored(study(), seeds))

    assert [claim.number for claim in found] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert {claim.number: claim.verdict for claim in found} == dict.fromkeys(range(1, 9), YES)
    counted = [p.test for claim in found for p in claim.parts if not p.test.startswith("p = ")]
    assert counted == [
        *["11 of 11 tasks"] * 4,
        "11 of 11 tasks (mean over points)",
        *["4 of 4 tasks"] * 2,
        "10 of 10 other tasks",
        "10 of 10 sources",
    ]


@pytest.mark.parametrize(
    ("lacking", "undecided"),
    [
        ("winning_tickets", {2}),
        ("sparsity_sweep", {1, 3, 5, 7}),
        ("rewinding", {3, 4}),
        ("transfer", {5, 7, 8}),
        ("transfer_variants", {7}),
        ("transferability", {6}),
    ],
)
def test_a_study_without_a_table_decides_the_claims_on_others(
    lacking: str, undecided: set[int]
) -> None:
    """What it lacks is named; all other claims are judged as ever."""
    found = claims(replace(scored(study()), **{lacking: pd.DataFrame()}))

    assert {claim.number for claim in found if claim.verdict is OPEN} == undecided
    for number in undecided:
        [part] = found[number - 1].parts
        assert part.proposition == "all of it"
        assert part.test == f"the study lacks {lacking}.csv"
    assert [c for c in found if c.number not in undecided] == [
        c for c in claims(scored(study())) if c.number not in undecided
    ]


@pytest.mark.parametrize(
    ("expected", "instead"),
    [
        (NO, sweep(delta=-5)),
        (NO, sweep(cola=-5)),  # one task is enough
        (OPEN, sweep(cola=-1.02)),  # beyond the margin, but perhaps by chance
        (OPEN, sweep().query("sparsity < 0.4")),
        (YES, sweep(delta=-0.9)),
        (YES, sweep(delta=-1.9).assign(full_std=2.0)),
        (YES, sweep(delta=-0.9).assign(full_std=0.1)),  # within a point
        (NO, sweep(delta=-1.9).assign(full_std=0.1)),
    ],
)
def test_claim_1_allows_a_ticket_to_lose_the_margin(
    expected: Verdict, instead: pd.DataFrame
) -> None:
    """A point, or the full model's deviation: on average, and on each task."""
    assert verdict(1, sparsity_sweep=instead) is expected


def test_claim_1_tests_the_lowest_sparsity_and_counts_the_best() -> None:
    """From 40 to 90 %: that of 20 % is none of them."""
    rows, average = (
        sweep(delta=-5.0),
        "tickets of the lowest such sparsity are as good as the full model",
    )
    rows.loc[rows["sparsity"] == 0.2, "delta_full"] = 0.1
    each = "every task has one as good as the full model"
    assert parts(1, sparsity_sweep=rows)[each].verdict is NO
    rows.loc[rows["sparsity"] == 0.9, "delta_full"] = 0.1

    found = parts(1, sparsity_sweep=rows)

    assert found[each].verdict is YES
    average = "tickets of the lowest such sparsity are as good as the full model"
    assert found[average].verdict is NO


def test_claim_1_names_the_tasks_that_have_no_ticket() -> None:
    """After how many have one."""
    found = parts(1, sparsity_sweep=sweep(cola=-5, rte=-5))

    test = found["every task has one as good as the full model"].test
    assert test == "9 of 11 tasks, not rte, cola"


@pytest.mark.parametrize(
    ("expected", "over"),
    [
        (NO, {"random": [-3.0] * 11}),
        (NO, {"random": [-3.0] + [10.0] * 10}),  # better on one task
        (OPEN, {"imp_reinit": [0.05, -0.05] * 5 + [0.0]}),
        (OPEN, {"imp_shuffled_within": [-0.05] + [5.0] * 10}),  # perhaps better on one task
    ],
)
def test_claim_2_is_about_the_average_and_about_each_task(
    expected: Verdict, over: dict[str, list[float]]
) -> None:
    """One rival that is as good leaves it undecided; one that is better refutes it."""
    assert verdict(2, winning_tickets=tickets(over)) is expected


def test_claim_2_leaves_out_tasks_without_a_ticket() -> None:
    """There the networks under no mask stand in the table."""
    rows = tickets({"random": [10.0] * 4 + [-50.0] * 7})
    rows.loc[~rows["task"].isin(TASKS[:4]), "sparsity"] = 0

    assert parts(2, winning_tickets=rows)["they beat random pruning"].verdict is YES
    none = rows.assign(sparsity=0)
    assert {part.verdict for part in parts(2, winning_tickets=none).values()} == {OPEN}
    without = rows[rows["network"] != "imp_reinit"]
    lacked = parts(2, winning_tickets=without)["they beat random re-initialisation"]
    assert lacked.test == "the study lacks winning tickets beside imp_reinit"


def test_seeds_are_the_sample_and_tasks_are_pooled() -> None:
    """Scipy's one-sample test on the seeds' means over tasks has the same p."""
    of = scored(study(winning_tickets=tickets({"random": [0.1] * 11})))
    rows = of.winning_tickets[of.winning_tickets["criterion"] == "within_std"]
    wide = rows.pivot(index="seed", columns=["network", "task"], values="score")
    means = (wide["imp"] - wide["random"]).mean(axis="columns")
    p = stats.ttest_1samp(means, 0, alternative="greater").pvalue

    found = {part.proposition: part for part in claims(of)[1].parts}["they beat random pruning"]

    assert 0.0001 < p < 0.2
    assert found.test.startswith(f"p = {p:.2g}, of the contrary {1 - p:.2g}: +0.10 [")
    assert " points to spare over 5 seeds, so on 11 of 11 tasks" in found.test


def test_one_seed_leaves_the_tasks_as_the_sample() -> None:
    """Signed ranks; and no task by itself can refute."""
    found = parts(2, seeds=1, winning_tickets=tickets({"random": [-1.0] + [10.0] * 10}))

    assert found["they beat random pruning"].verdict is YES
    assert "signed ranks, so on 10 of 11 tasks" in found["they beat random pruning"].test
    assert found["they beat random pruning on every task"].verdict is OPEN


HELPED = rewinding()
COLA = HELPED["winning"] & (HELPED["task"] == "cola") & (HELPED["rewind"] > 0)
HURT = HELPED["winning"] & HELPED["task"].isin(["stsb", "rte"]) & (HELPED["rewind"] > 0)


@pytest.mark.parametrize(
    ("expected", "instead"),
    [
        (NO, rewinding(rewound=3)),  # at one point of two
        (OPEN, rewinding(rewound=1.02)),  # perhaps by more than a point
        (NO, with_delta(5, COLA, HELPED)),  # one task
        (NO, with_delta(0.5, HURT, HELPED)),
        (OPEN, with_delta(0, HURT, HELPED)),
        (OPEN, rewinding().query("task != 'rte'")),
        (OPEN, rewinding().query("task in ['stsb', 'rte']")),
        (OPEN, rewinding().query("rewind == 0")),
        (YES, rewinding(rewound=0.9)),
        (YES, rewinding(rewound=-20)),
    ],
)
def test_claim_3_is_about_gains_of_more_than_a_point(
    expected: Verdict, instead: pd.DataFrame
) -> None:
    """At each point on average, and on each task; stsb and rte have to lose, and to be there."""
    assert verdict(3, rewinding=instead) is expected


def test_claim_3_is_not_carried_by_the_tasks_that_rewinding_hurts() -> None:
    """Their losses, however large, hide no gain of the others."""
    helped = with_delta(-50, HURT, rewinding(rewound=2))

    assert parts(3, rewinding=helped)["to 10 % it does not notably help"].verdict is NO


def test_claim_3_says_what_a_study_lacks() -> None:
    """A task, or all of rewinding."""
    found = parts(3, rewinding=rewinding().query("task != 'stsb'"))
    assert found["it hurts stsb"].test == "the study lacks stsb rewound at its winning sparsity"
    assert found["it hurts rte"].verdict is YES

    none = parts(3, rewinding=rewinding().iloc[:0])
    assert {part.verdict for part in none.values()} == {OPEN}


@pytest.mark.parametrize(
    ("expected", "instead"),
    [
        (NO, rewinding(standard=STANDARD | {"qqp": -2.0})),  # though the other three gain
        (NO, rewinding(standard=STANDARD | {"rte": 2.0})),
        (OPEN, rewinding(standard=STANDARD | {"rte": 0.02})),
        (OPEN, rewinding(standard={"mlm": 2.0})),
        (YES, rewinding(standard=STANDARD | {"cola": 50.0})),  # the claim says nothing of it
    ],
)
def test_claim_4_is_about_the_tasks_it_names(expected: Verdict, instead: pd.DataFrame) -> None:
    """Each has to move its way, and all have to be there."""
    assert verdict(4, rewinding=instead) is expected


def own_mask_of_rte_is_bad() -> pd.DataFrame:
    rows = transfer(mlm=-1.5)
    rows.loc[(rows["source"] == "mlm") & (rows["target"] == "rte"), "delta_full"] = -9.0
    return rows


@pytest.mark.parametrize(
    ("expected", "instead", "mlm"),
    [
        (NO, transfer(mlm=-3), ["mlm"]),
        (NO, transfer(other=-0.5), ["mlm"]),  # others transfer as well
        (NO, own_mask_of_rte_is_bad(), ["mlm"]),  # "universally"
        (OPEN, transfer(), []),
        (YES, transfer(mlm=-1.8), ["mlm"]),  # own masks lose 1, the margin is 1
        (YES, transfer(oneshot=-50), ["mlm"]),
        (YES, among(transfer(), ["mlm", "cola", "squad", "rte"]), ["mlm"]),
    ],
)
def test_claim_5_compares_with_targets_own_masks(
    expected: Verdict, instead: pd.DataFrame, mlm: list[str]
) -> None:
    """The masks of MLM and of other tasks, on other targets than their own."""
    assert verdict(5, transfer=instead, transfer_variants=NO_LATER, mlm_tasks=mlm) is expected


@pytest.mark.parametrize(
    ("expected", "instead"),
    [
        (NO, sources(rise=-1)),
        (OPEN, sources().iloc[:3]),
        (OPEN, sources().assign(mean=[1, 5, 2, 8, 3, 0, 7, 4, 9, 6, 2.5])),
        (OPEN, sources(subsets=[("mnli_10", 10, 1.0)])),
        (NO, sources(subsets=[(f"mnli_{n}", n, 90.0 - n) for n in (10, 20, 30, 40)])),
        (YES, sources(subsets=[(f"mnli_{n}", n, n / 10) for n in (10, 20, 30, 40)])),
    ],
)
def test_claim_6_is_tested_among_tasks_and_among_parts_of_each(
    expected: Verdict, instead: pd.DataFrame
) -> None:
    """Tasks differ in more than their size, parts of one do not: both have to rise."""
    assert verdict(6, transferability=instead) is expected


@pytest.mark.parametrize(
    ("expected", "gains"),
    [
        (NO, {"mlm": 4.0, "squad": 0.5}),
        (NO, {"mlm": 0.1, "squad": -2.0}),
        (OPEN, {"mlm": 0.95, "squad": 0.5}),
        (OPEN, {"mlm": 0.1, "squad": -0.05}),
        (OPEN, {"squad": 0.5}),
        (OPEN, {"mlm": 0.1}),
        (OPEN, {}),
        (YES, {"mlm": -9.0, "squad": 0.5, "cola": -5.0}),
    ],
)
def test_claim_7_is_about_means_over_other_targets(
    expected: Verdict, gains: dict[str, float]
) -> None:
    """Their own target, where later weights are 50 points better, does not count."""
    variants = later(transfer(), **gains) if gains else NO_LATER

    assert verdict(7, transfer_variants=variants) is expected


def one_source_is_better() -> pd.DataFrame:
    rows = transfer()
    rows.loc[(rows["source"] == "squad") & (rows["target"] != "squad"), "delta_full"] = -1.7
    return rows


@pytest.mark.parametrize(
    ("expected", "instead"),
    [
        (NO, transfer(oneshot=0.5)),  # better than MLM's mask too
        (NO, transfer(oneshot=-9)),
        (NO, one_source_is_better()),  # "than any source"
        (OPEN, transfer(oneshot=-0.5)),  # the same as MLM's mask
        (YES, transfer(mlm=3, other=-9)),
        (YES, among(transfer(), ["mnli", "cola", "squad", "rte", "mlm"])),
    ],
)
def test_claim_8_compares_with_the_sources(expected: Verdict, instead: pd.DataFrame) -> None:
    """Better than tasks' on average and than each, worse than MLM's."""
    assert verdict(8, transfer=instead, transfer_variants=NO_LATER) is expected


def test_of_an_empty_study_nothing_is_said() -> None:
    """Tables of a study without tickets, rewinding, later weights or MLM; and one task of MLM."""
    none = {
        "sparsity_sweep": sweep().query("finder == 'dense'"),
        "winning_tickets": tickets().iloc[:0],
        "rewinding": rewinding().iloc[:0],
        "transfer_variants": NO_LATER,
        "transferability": sources().iloc[:1],
    }
    for task in ("mlm", "cola"):
        of = study(**none, transfer=among(transfer(), [task]), mlm_tasks=["mlm"] * (task == "mlm"))
        assert {claim.verdict for claim in claims(scored(of))} == {OPEN}
