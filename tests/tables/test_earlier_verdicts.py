"""The tests of claims on the intervals in tables, as earlier versions made them."""

from __future__ import annotations

import numpy as np
import pytest

from tickets.tables.earlier.verdicts import exceeds, mean_exceeds
from tickets.tables.verdicts import Evidence


def says(holds: float, contrary: float, words: str = "") -> Evidence:
    return Evidence(holds=holds, contrary=contrary, words=words)


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
