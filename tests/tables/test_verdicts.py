from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tickets.tables.verdicts import (
    Evidence,
    Verdict,
    all_hold,
    every,
    exceeds,
    greater,
    increasing,
    judge,
    mean_exceeds,
    negate,
    some,
    undecided,
)

YES, NO, OPEN = Verdict.HOLDS, Verdict.FAILS, Verdict.UNDECIDED


def says(holds: float, contrary: float, words: str = "") -> Evidence:
    return Evidence(holds=holds, contrary=contrary, words=words)


def signed_ranks(differences: Sequence[float]) -> float:
    """The exact one-sided p value: of all ways to set the signs, those with as large a rank sum."""
    sizes = [abs(each) for each in differences if each]
    ranks = [sum(other < size for other in sizes) + (sizes.count(size) + 1) / 2 for size in sizes]

    def positive(signs: Sequence[bool]) -> float:
        return sum(rank for rank, sign in zip(ranks, signs, strict=True) if sign)

    seen = positive([each > 0 for each in differences if each])
    ways = list(product((False, True), repeat=len(sizes)))
    return sum(positive(signs) >= seen for signs in ways) / len(ways)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(-4, 6), max_size=7).filter(lambda all_: sum(map(bool, all_)) > 1))
def test_greater_is_the_exact_signed_rank_test(differences: list[int]) -> None:
    """Ties and zeros too: compared with every way to set the signs."""
    found = greater(differences, "tasks")

    assert found.holds == pytest.approx(signed_ranks(differences))
    assert found.contrary == pytest.approx(signed_ranks([-each for each in differences]))


def test_five_tasks_can_decide_and_four_cannot() -> None:
    """The least p of four signs is 1/16, and that is said."""
    five, four = greater([1, 2, 3, 4, 5], "tasks"), greater([10, 20, 30, 40], "tasks")

    assert (five.holds, four.holds) == (1 / 32, 1 / 16)
    assert five.words == "Wilcoxon's signed ranks, so on 5 of 5 tasks, median +3.00 points"
    assert four.words.endswith("; 4 tasks are too few, no p is below 0.062")


def test_differences_of_zero_decide_nothing() -> None:
    """Nor do those that only the order of a sum makes differ from zero."""
    found = greater([0, 3, *[0.1 + 0.2 - 0.3] * 8], "tasks")

    assert (found.holds, found.contrary) == (1, 1)
    assert "so on 1 of 10 tasks" in found.words
    assert found.words.endswith("too few differ")


@settings(deadline=None, max_examples=15)
@given(st.lists(st.integers(0, 5), min_size=3, max_size=6).filter(lambda y: len(set(y)) > 1))
def test_increasing_is_spearmans_exact_test(y: list[int]) -> None:
    """Compared with every order of x; the statistic is the sum of products of ranks."""
    x = list(range(len(y)))
    ranks = [sum(other < each for other in y) + (y.count(each) + 1) / 2 for each in y]

    def product_sum(order: Sequence[int]) -> float:
        return sum(place * rank for place, rank in zip(order, ranks, strict=True))

    orders = [product_sum(order) for order in permutations(x)]
    found = increasing(x, y, "tasks")

    assert found.holds == pytest.approx(
        sum(each >= product_sum(x) for each in orders) / len(orders)
    )
    assert found.contrary == pytest.approx(
        sum(each <= product_sum(x) for each in orders) / len(orders)
    )


def test_increasing_says_where_sources_are_too_few() -> None:
    """Four in order suffice (1/24), three do not (1/6), and equal ones have no order."""
    assert increasing([1, 2, 3, 4], [1, 5, 6, 9], "tasks").holds == pytest.approx(1 / 24)
    assert increasing([1, 2, 3], [1, 5, 6], "tasks").words == (
        "Spearman's rho +1.00 over 3 tasks; 3 tasks are too few, no p is below 0.17"
    )
    assert increasing([5, 5, 5], [1, 2, 3], "tasks") == says(1, 1, "too few tasks differ")


def test_an_interval_is_made_a_students_test() -> None:
    """By hand: a half width of 1.96 standard errors, that of three seeds too small by sqrt(2/3).

    t = (3 - 1) / (0.98 / 1.96 * sqrt(3/2)) = 3.2660 with 2 degrees of freedom: p = 0.0412.
    """
    found = exceeds(1, 3, (2.02, 3.98), n=3, where="here")

    assert found.holds == pytest.approx(0.0412, abs=1e-4)
    assert found.contrary == pytest.approx(1 - 0.0412, abs=1e-4)
    assert found.words == "+3.00 [+2.02, +3.98] points, here; few seeds: 3"


@pytest.mark.parametrize("n", [2, 3, 5, 10])
def test_it_errs_in_one_of_twenty_studies_where_the_interval_alone_errs_more(n: int) -> None:
    """5,000 studies whose seeds differ by nothing but chance, of true difference zero."""
    random = np.random.default_rng(n)
    draws = random.normal(size=(5000, n))
    resampled = random.integers(n, size=(1000, n))
    means = draws[:, resampled].mean(axis=2)
    ends = np.percentile(means, (2.5, 97.5), axis=1).T

    found = [
        exceeds(0, float(mean), (float(low), float(high)), n=n, where="").holds
        for mean, (low, high) in zip(draws.mean(axis=1), ends, strict=True)
    ]

    assert np.mean(np.array(found) <= 0.05) < 0.075
    assert np.mean(ends[:, 0] > 0) > 0.03  # would be 0.025


def test_one_seed_decides_nothing() -> None:
    """What varies between trainings is not known from one."""
    assert exceeds(0, 50, (49, 51), n=1, where="here") == says(
        1, 1, "+50.00 [+49.00, +51.00] points, here; few seeds: 1"
    )


def test_seeds_that_do_not_differ_decide_by_their_sign() -> None:
    """And not at all where the bound is met."""
    found = [exceeds(bound, 1, (1, 1), n=5, where="") for bound in (0, 1, 2)]

    assert [(each.holds, each.contrary) for each in found] == [(0, 1), (1, 1), (1, 0)]


def test_the_mean_over_targets_is_students_too() -> None:
    """Mean 2, error 0.5774; against 1, t = 1.7321 with 2 degrees of freedom: p = 0.1127."""
    found = mean_exceeds(1, [1, 2, 3], where="here")

    assert found.holds == pytest.approx(0.1127, abs=1e-4)
    assert found.words == "+2.00 [-0.48, +4.48] points, here"
    assert mean_exceeds(0, [5], where="here") == says(1, 1, "+5.00 points, here")


def test_every_needs_all_and_is_refuted_by_one_of_many() -> None:
    """The greatest p; that of the contrary is the least, times their number."""
    agree = [says(0.01, 0.99, "a"), says(0.04, 0.96, "b"), says(0.02, 0.98, "c")]
    objecting = [says(0.01, 0.99, "a"), says(0.999, 0.001, "b"), says(0.9, 0.1, "c")]

    assert every(agree) == says(0.04, 1, "b")
    assert every(objecting) == says(0.999, pytest.approx(0.003), "b")


def test_some_needs_one_of_many_and_is_refuted_by_all() -> None:
    """The other way round."""
    assert some([says(0.01, 0.99, "a"), says(0.5, 0.5, "b")]) == says(0.02, 0.99, "a")
    assert some([says(0.98, 0.02, "a"), says(0.96, 0.04, "b")]) == says(1, 0.04, "b")
    assert negate(says(0.1, 0.9, "a")) == says(0.9, 0.1, "a")


def test_a_proposition_has_three_verdicts_and_refutes_with_more_than_one_of_many() -> None:
    """5 % for it; 5 % against it, divided by the number of statements that could."""
    assert judge("", says(0.05, 0.95)).verdict is YES
    assert judge("", says(0.06, 0.94)).verdict is OPEN
    assert judge("", says(0.97, 0.03)).verdict is NO
    assert judge("", says(0.97, 0.03), parts=2).verdict is OPEN
    assert judge("", says(0.04, 0.96), parts=10).verdict is YES
    assert judge("it is", says(0.041, 0.959, "by so much")).test == (
        "p = 0.041, of the contrary 0.96: by so much"
    )
    assert undecided("it is", "all").verdict is OPEN


def test_a_claim_holds_where_all_propositions_do() -> None:
    """One that does not refutes it, whatever is undecided."""
    combined = [all_hold(each) for each in ([YES, YES], [YES, OPEN], [OPEN, NO, YES])]

    assert combined == [YES, OPEN, NO]
