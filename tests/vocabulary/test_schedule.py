from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.errors import BadInput
from tickets.schedule import after_round, exact, label, parse, pruned_count, rounds

BERT_BASE = 85_524_480  # prunable weights; a float32 sum over so many is off by one
TENTH = Fraction(1, 10)

shares = st.decimals("0.001", "0.999", places=3).map(Fraction)


def test_a_linear_schedule_prunes_a_share_of_the_original_weights_a_round() -> None:
    """Ten percent a round ends, as the paper's tables do, at 10, 20, ..., 70 %."""
    assert rounds("linear", TENTH, Fraction(7, 10)) == tuple(Fraction(k, 10) for k in range(1, 8))


def test_a_geometric_schedule_prunes_a_share_of_the_remaining_weights_a_round() -> None:
    """Ten percent of the remaining a round leaves 0.9, 0.81, 0.729 of the weights."""
    found = rounds("geometric", TENTH, exact(0.271))

    assert found == (Fraction(1, 10), Fraction(19, 100), Fraction(271, 1000))


def test_a_target_is_reached_though_its_digits_do_not_fit_a_double() -> None:
    """1 - 0.9^22 has 22 decimals: its nearest double, all that a config can say, means it."""
    target = 1 - Fraction(9, 10) ** 22

    found = rounds("geometric", TENTH, exact(float(target)))

    assert len(found) == 22
    assert found[-1] == target
    assert len(label(target)) == len("90.") + 20


@pytest.mark.parametrize(
    ("schedule", "target", "around"),
    [
        ("linear", 0.75, "0.7 or 0.8"),
        ("linear", 0.05, "0.1"),
        ("linear", 0.95, "0.9"),
        ("geometric", 0.7, "0.68618940391 or 0.717570463519"),
    ],
)
def test_a_target_between_two_rounds_is_refused_and_both_are_named(
    schedule: str, target: float, around: str
) -> None:
    """The error names the sparsities next to the target, as they are to be written."""
    with pytest.raises(BadInput, match=f"{target} is never reached.*write {around}$"):
        rounds(schedule, TENTH, exact(target))  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(("share", "target"), [(0, 0.5), (1, 0.5), (0.1, 0), (0.1, 1), (0.1, 70)])
def test_shares_and_targets_outside_zero_and_one_are_refused(share: float, target: float) -> None:
    """No such schedule would end."""
    with pytest.raises(BadInput, match="between 0 and 1"):
        rounds("linear", exact(share), exact(target))


def test_counts_are_exact_at_the_size_of_bert_base() -> None:
    """Every tenth and the geometric rounds, worked out by hand in integers."""
    tenths = [pruned_count(Fraction(k, 10), BERT_BASE) for k in range(1, 10)]

    assert tenths == [k * 8_552_448 for k in range(1, 10)]
    assert pruned_count(exact(0.6513215599), BERT_BASE) == 55_703_938  # of 55,703,937.7
    assert pruned_count(Fraction(7, 10), BERT_BASE - 1) == 59_867_135  # of 59,867,135.3


@pytest.mark.parametrize(("weights", "count"), [(1, 0), (3, 2), (5, 2), (7, 4)])
def test_halves_are_rounded_to_the_even_count(weights: int, count: int) -> None:
    """0.5, 1.5, 2.5 and 3.5 weights."""
    assert pruned_count(Fraction(1, 2), weights) == count


@given(sparsity=st.decimals(0, 1, places=12), weights=st.integers(0, 10**12))
def test_counts_agree_with_decimal_arithmetic(sparsity: Decimal, weights: int) -> None:
    """An independent oracle: Python's decimals round the same product half to even."""
    expected = (sparsity * weights).to_integral_value(ROUND_HALF_EVEN)

    assert pruned_count(Fraction(sparsity), weights) == int(expected)


@given(share=shares, number=st.integers(1, 30))
def test_every_round_of_a_geometric_schedule_keeps_the_same_share(
    share: Fraction, number: int
) -> None:
    """What a round leaves alive is (1 - share) of what it found alive."""
    alive = 1 - after_round("geometric", share, number)

    assert 1 - after_round("geometric", share, number + 1) == alive * (1 - share)


@pytest.mark.parametrize(
    ("sparsity", "text"),
    [
        (Fraction(0), "0"),
        (Fraction(7, 10), "70"),
        (Fraction(1), "100"),
        (exact(0.6513215599), "65.13215599"),
        (exact(0.005), "0.5"),
        (exact(0.0005), "0.05"),
        (Fraction(1, 8), "12.5"),
        (Fraction(1, 1024), "0.09765625"),
    ],
)
def test_labels_are_plain_percents(sparsity: Fraction, text: str) -> None:
    """No exponent, no trailing zero, every digit; hand-written."""
    assert label(sparsity) == text


@given(share=shares, number=st.integers(1, 40))
def test_labels_lose_nothing(share: Fraction, number: int) -> None:
    """Reading a label gives back the exact fraction, whatever the number of digits."""
    sparsity = after_round("geometric", share, number)

    assert parse(label(sparsity)) == sparsity


def test_a_sparsity_without_an_end_has_no_label() -> None:
    """A third cannot be written out."""
    with pytest.raises(ValueError, match="never end"):
        label(Fraction(1, 3))
