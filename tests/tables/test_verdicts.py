from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations, product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tickets.tables.verdicts import (
    Evidence,
    Verdict,
    all_hold,
    every,
    greater,
    increasing,
    judge,
    lacking,
    negate,
    on_average,
    on_each,
    some,
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


@settings(max_examples=30)
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


@settings(max_examples=15)
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


def test_the_seeds_means_over_items_are_the_sample() -> None:
    """Means 1, 2 and 3: error 0.5774, t = 3.4641 with 2 degrees of freedom, p = 0.0371."""
    found = on_average(pd.DataFrame({"one": [-1, -1, -1], "other": [3, 5, 7]}), "tasks")

    assert found.holds == pytest.approx(0.0371, abs=1e-4)
    assert found.contrary == pytest.approx(1 - 0.0371, abs=1e-4)
    assert found.words == (
        "+2.00 [-0.48, +4.48] points to spare over 3 seeds, so on 1 of 2 tasks, few seeds: 3"
    )


def test_with_one_seed_the_items_are_the_sample() -> None:
    """As means that have no seeds; one item alone decides nothing."""
    row = pd.DataFrame({"a": [1], "b": [2], "c": [3], "d": [4], "e": [5]})

    assert on_average(row, "tasks") == greater([1, 2, 3, 4, 5], "tasks")
    assert (on_average(row[["a"]], "tasks").holds, on_average(row[["a"]], "tasks").contrary) == (
        *(1, 1),
    )


def test_seeds_that_do_not_differ_decide_by_their_sign() -> None:
    """And not at all at zero."""
    found = [on_average(pd.DataFrame({"a": [by] * 3}), "tasks") for by in (1, 0, -1)]

    assert [(each.holds, each.contrary) for each in found] == [(0, 1), (1, 1), (1, 0)]


@pytest.mark.parametrize("n", [2, 3, 5, 10])
def test_a_test_over_seeds_errs_in_one_of_twenty_studies(n: int) -> None:
    """2,000 studies of true difference zero, whose tasks share a seed's luck."""
    random = np.random.default_rng(n)
    shared = random.normal(size=(2000, n, 1)) + random.normal(size=(2000, n, 4)) / 2

    found = [on_average(pd.DataFrame(study), "tasks").holds for study in shared]

    assert np.mean(np.array(found) <= 0.05) == pytest.approx(0.05, abs=0.015)


def test_each_item_is_counted_and_one_may_refute() -> None:
    """P of the contrary by hand: mean -3, error 0.5774, t = -5.1962, p = 0.01755; of two, twice."""
    good = on_each(pd.DataFrame({"a": [1, 2, 3], "b": [-1, 0, 2]}), "tasks")
    bad = on_each(pd.DataFrame({"a": [1, 2, 3], "b": [-4, -3, -2]}), "tasks")

    assert (good.holds, good.words, good.counted) == (0, "2 of 2 tasks", True)
    assert (bad.holds, bad.words) == (1, "1 of 2 tasks, not b")
    assert bad.contrary == pytest.approx(2 * 0.01755, abs=1e-4)
    assert judge("it", good).test == "2 of 2 tasks"


def test_one_seed_refutes_no_item() -> None:
    """And zero is not above zero."""
    assert on_each(pd.DataFrame({"a": [-50], "b": [0]}), "tasks") == Evidence(
        holds=1, contrary=1, words="0 of 2 tasks, not a, b", counted=True
    )


def test_what_a_study_lacks_is_undecided_whatever_else_is_asked() -> None:
    """Alone, or as the only one of some."""
    for evidence in (lacking("all"), some([lacking("all")])):
        part = judge("it", evidence)
        assert (part.verdict, part.test) == (OPEN, "the study lacks all")


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


def test_a_claim_holds_where_all_propositions_do() -> None:
    """One that does not refutes it, whatever is undecided."""
    combined = [all_hold(each) for each in ([YES, YES], [YES, OPEN], [OPEN, NO, YES])]

    assert combined == [YES, OPEN, NO]
