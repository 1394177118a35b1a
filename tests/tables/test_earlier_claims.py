"""Every claim as earlier versions judged it: where it holds, does not, or nothing says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from paper_tables import (
    NO_LATER,
    STANDARD,
    TASKS,
    among,
    later,
    rewinding,
    sources,
    study,
    sweep,
    tickets,
    transfer,
)
from tickets.tables.earlier.claims import claims
from tickets.tables.published import COUNT, FOLDER, values
from tickets.tables.verdicts import Part, Verdict

COLUMNS = ["delta_rewind_0", "low", "high"]
YES, NO, OPEN = Verdict.HOLDS, Verdict.FAILS, Verdict.UNDECIDED


def verdict(number: int, **other: Any) -> Verdict:
    return claims(study(**other))[number - 1].verdict


def parts(number: int, **other: Any) -> dict[str, Part]:
    return {part.proposition: part for part in claims(study(**other))[number - 1].parts}


def test_all_claims_can_hold() -> None:
    """In the paper's order, each with the test that says so."""
    found = claims(study())

    assert [claim.number for claim in found] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert {claim.number: claim.verdict for claim in found} == dict.fromkeys(range(1, 9), YES)
    tests = [part.test for claim in found for part in claim.parts]
    assert [test for test in tests if not test.startswith("p = ")] == ["11 of 11 tasks"]


@pytest.mark.parametrize(
    ("expected", "instead"),
    [
        (NO, sweep(delta=-5)),
        (NO, sweep(cola=-5)),  # one task is enough
        (OPEN, sweep(cola=-1.1)),  # does not win, but might
        (OPEN, sweep(n=1, cola=-5)),  # one seed does not tell
        (OPEN, sweep().query("task in ['cola', 'rte', 'mlm', 'wnli']")),
        (OPEN, sweep().query("sparsity < 0.4")),
        (YES, sweep(delta=-0.9)),
        (YES, sweep(n=1, delta=0.1)),
    ],
)
def test_claim_1_allows_a_ticket_to_lose_one_deviation(
    expected: Verdict, instead: pd.DataFrame
) -> None:
    """On tasks in general, and by the paper's rule on each."""
    assert verdict(1, sparsity_sweep=instead) is expected


def test_claim_1_is_about_40_to_90_percent() -> None:
    """A ticket at 20 % is none; by the rule a single sparsity is enough."""
    rows = sweep(delta=-5.0)
    rule = "every task has one by the paper's rule"

    def say(sparsity: float) -> None:
        rows.loc[rows["sparsity"] == sparsity, ["delta_full", "low", "high"]] = 0.1
        rows.loc[rows["sparsity"] == sparsity, "wins"] = True

    say(0.2)
    assert parts(1, sparsity_sweep=rows)[rule].verdict is NO
    say(0.9)
    assert parts(1, sparsity_sweep=rows)[rule].verdict is YES
    tested = parts(1, sparsity_sweep=rows)["at 50 % tasks lose less than one standard deviation"]
    assert tested.verdict is NO


def test_claim_1_names_the_task_that_has_no_ticket() -> None:
    """The most probable of its sparsities, and the margin of its full model's deviation."""
    rows = sweep(cola=-5)
    rows.loc[(rows["task"] == "cola") & (rows["sparsity"] == 0.9), "delta_full"] = -4

    test = parts(1, sparsity_sweep=rows)["every task has one by the paper's rule"].test

    assert test.startswith("10 of 11 tasks; p = 1, of the contrary ")
    assert test.endswith(": -4.00 [-5.20, -4.80] points, cola at 90 %")


@pytest.mark.parametrize(
    ("expected", "over"),
    [
        (NO, {"random": [-3.0] * 11}),
        (OPEN, {"imp_reinit": [2.0, -2.0] * 5 + [0.0]}),
        (YES, {"imp_shuffled_within": [-0.1] + [5.0] * 10}),
    ],
)
def test_claim_2_is_tested_over_tasks(expected: Verdict, over: dict[str, list[float]]) -> None:
    """One rival that is as good leaves it undecided; one that is better refutes it."""
    assert verdict(2, winning_tickets=tickets(over)) is expected


def test_claim_2_leaves_out_tasks_without_a_ticket() -> None:
    """There the networks under no mask stand in the table."""
    rows = tickets({"random": [10.0] * 4 + [-50.0] * 7})
    rows.loc[~rows["task"].isin(TASKS[:4]), "sparsity"] = 0

    found = parts(2, winning_tickets=rows)["they beat random pruning"]

    assert found.verdict is OPEN
    assert "so on 4 of 4 tasks" in found.test
    assert "too few" in found.test
    none = rows.assign(sparsity=0)
    assert {part.verdict for part in parts(2, winning_tickets=none).values()} == {OPEN}
    without = rows[rows["network"] != "imp_reinit"]
    lacked = parts(2, winning_tickets=without)["they beat random re-initialisation"]
    assert lacked.test == "the study lacks winning tickets beside imp_reinit"


@pytest.mark.parametrize(
    ("expected", "instead"),
    [
        (NO, rewinding(rewound=3)),
        (OPEN, rewinding(rewound=0.9)),  # perhaps by more than a point
        (OPEN, rewinding(width=3)),
        (OPEN, rewinding(n=1)),
        (OPEN, rewinding(n=2, width=0.4)),  # would be enough with five seeds
        (OPEN, rewinding().query("task != 'rte'")),
        (OPEN, rewinding().query("rewind == 0")),
        (YES, rewinding(width=0.4)),
        (YES, rewinding(rewound=-20)),
    ],
)
def test_claim_3_is_about_gains_of_more_than_a_point(
    expected: Verdict, instead: pd.DataFrame
) -> None:
    """Losses are no help; stsb and rte have to lose, and have to be there."""
    assert verdict(3, rewinding=instead) is expected


def test_claim_3_names_the_comparison_that_decided_it() -> None:
    """Task, rewinding point, difference and interval as in the table; and what is not there."""
    rows = rewinding(n=3).query("task != 'stsb'")
    rows.loc[(rows["task"] == "cola") & (rows["rewind"] == 10) & rows["winning"], COLUMNS] = (
        4,
        3,
        5,
    )

    found = parts(3, rewinding=rows)

    helps = found["it helps no task by more than 1 point"]
    # Error 1 / 1.96 * sqrt(3 / 2) = 0.6249, t = 3 / 0.6249 = 4.801 with 2 degrees of freedom;
    # the least of 20 p values counts twentyfold.
    assert helps.verdict is OPEN
    assert helps.test == (
        "p = 0.98, of the contrary 0.41: +4.00 [+3.00, +5.00] points, cola rewound to 10 %; "
        "few seeds: 3"
    )
    assert found["it hurts stsb"].test == "the study lacks stsb rewound at its winning sparsity"
    assert found["it hurts rte"].verdict is YES


def test_claim_3_fails_where_stsb_does_not_lose() -> None:
    """At no rewinding point."""
    rows = rewinding()
    rows.loc[rows["task"] == "stsb", COLUMNS] = (0.5, 0.4, 0.6)

    assert parts(3, rewinding=rows)["it hurts stsb"].verdict is NO


@pytest.mark.parametrize(
    ("expected", "instead"),
    [
        (NO, rewinding(standard=STANDARD | {"qqp": -2.0})),
        (NO, rewinding(standard=STANDARD | {"rte": 2.0})),
        (OPEN, rewinding(standard=STANDARD | {"rte": 0.1})),
        (OPEN, rewinding(standard={"mlm": 2.0})),
        (OPEN, rewinding(n=1)),
        (YES, rewinding(standard=STANDARD | {"cola": 50.0})),  # the claim says nothing of it
    ],
)
def test_claim_4_is_about_the_tasks_it_names(expected: Verdict, instead: pd.DataFrame) -> None:
    """Each has to move its way."""
    assert verdict(4, rewinding=instead) is expected


@pytest.mark.parametrize(
    ("expected", "instead", "mlm"),
    [
        (NO, transfer(mlm=-3), ["mlm"]),
        (NO, transfer(other=-0.5), ["mlm"]),  # others transfer as well
        (OPEN, among(transfer(), ["mlm", "cola", "squad", "rte"]), ["mlm"]),
        (OPEN, transfer(), []),
        (YES, transfer(oneshot=-50), ["mlm"]),
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


@pytest.mark.parametrize(
    ("expected", "instead"),
    [
        (NO, transfer(oneshot=0.5)),  # better than MLM's mask too
        (NO, transfer(oneshot=-9)),
        (OPEN, transfer(oneshot=-0.5)),  # the same as MLM's mask
        (YES, transfer(mlm=3, other=-9)),
    ],
)
def test_claim_8_compares_with_every_source(expected: Verdict, instead: pd.DataFrame) -> None:
    """Better than each task's, worse than MLM's."""
    assert verdict(8, transfer=instead) is expected


def test_claim_8_says_what_four_targets_cannot() -> None:
    """A study of five tasks has no p below 1/16."""
    rows = among(transfer(), ["mnli", "cola", "squad", "rte", "mlm"])

    found = parts(8, transfer=rows, transfer_variants=NO_LATER)

    assert {part.verdict for part in found.values()} == {OPEN}
    assert all("4 other tasks are too few, no p is below 0.062" in p.test for p in found.values())
    assert next(iter(found)) == "better than the mask of mnli at 70 %"


def test_what_the_papers_own_figure_2_says() -> None:
    """Claim 5 holds on it. Of 8 it does not show that one-shot pruning is better than SQuAD's mask,
    nor than MNLI's, and it is better than all others.
    """
    matrix = {
        (value.source.replace("theta0_magnitude", "oneshot"), value.target): value.value
        for value in values(FOLDER)
        if value.table == "figure2" and value.item != COUNT
    }
    figure2 = pd.DataFrame(
        [
            {
                "source": source,
                "target": target,
                "sparsity": 0.7,
                "delta_full": delta,
                "delta_same_task": delta - matrix[target, target],
            }
            for (source, target), delta in matrix.items()
        ]
    )
    tables = replace(study(), transfer=figure2)

    found = claims(tables)

    assert found[4].verdict is YES
    assert found[7].verdict is OPEN
    undecided = [part.proposition for part in found[7].parts if part.verdict is OPEN]
    assert undecided == [f"better than the mask of {task} at 70 %" for task in ("mnli", "squad")]


def test_of_an_empty_study_nothing_is_said() -> None:
    """Tables of a study without tickets, rewinding, later weights or MLM."""
    found = claims(
        study(
            sparsity_sweep=sweep().query("finder == 'dense'"),
            winning_tickets=tickets().iloc[:0],
            rewinding=rewinding().iloc[:0],
            transfer=among(transfer(), ["mlm"]),
            transfer_variants=NO_LATER,
            transferability=sources().iloc[:1],
        )
    )

    assert {claim.verdict for claim in found} == {OPEN}
