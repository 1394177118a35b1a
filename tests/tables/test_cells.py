from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from numpy.typing import NDArray
from scipy import stats

from fake_metrics import frame, trainings
from tickets.errors import BadInput
from tickets.scores.resampling import REPLICATES, draw_resamples, replicates
from tickets.tables.cells import Cell, Scores, dense, interval, select

OWN = Cell(finder="imp", source="pair", target="pair")


def scored(
    replicates: NDArray[Any] | Sequence[Sequence[float]], seeds: Sequence[int] | None = None
) -> Scores:
    """A cell of these replicates [n, B], of seeds 1, 2, ... if not said otherwise."""
    rows = np.array(replicates, dtype=float)
    index = pd.Index(seeds if seeds is not None else range(1, len(rows) + 1))
    return Scores(metric="accuracy", by_seed=pd.Series(rows.mean(axis=1), index), replicates=rows)


def steady(*scores: float) -> Scores:
    """One score a seed, the same on every resample of the examples."""
    return scored([[score] * REPLICATES for score in scores])


def accuracy(*right: NDArray[Any], task: str = "pair") -> Scores:
    """A cell of trainings that are right about these examples."""
    tables = [pa.table({"prediction": 1 * each, "reference": [1] * each.size}) for each in right]
    return scored([replicates("accuracy", t, draw_resamples(task, t.num_rows)) for t in tables])


def test_a_cell_says_whether_its_mask_is_at_the_winning_sparsity() -> None:
    """Rows of a number, of either criterion, and of none are three cells."""
    rows = trainings("imp", "pair", [70], source="pair")
    rows += [
        row | {"at": at, "sparsity": float("nan")}
        for at, score in (("winning", 80), ("winning_strict", 90))
        for row in trainings("imp", "pair", [score], source="pair")
    ]
    means = {
        at: select(frame(rows), Cell(**{**vars(OWN), "at": at})).mean
        for at in (None, "winning", "winning_strict")
    }

    assert means == {None: 70, "winning": 80, "winning_strict": 90}
    with pytest.raises(BadInput, match=r"imp mask of pair at its winning, weights theta_0, on mlm"):
        select(frame(rows), Cell(finder="imp", source="pair", target="mlm", at="winning"))


def test_replicates_stand_in_the_order_of_the_seeds() -> None:
    """Whatever the rows' order."""
    rows = trainings("dense", "pair", [10, 20, 30])

    found = select(frame(rows[::-1]), dense("pair"))

    assert found.seeds == [1, 2, 3]
    assert found.replicates.shape == (3, REPLICATES)
    assert list(found.replicates[:, 0]) == list(found.replicates[:, -1]) == [10, 20, 30]


def test_fewer_than_five_seeds_are_few() -> None:
    """Four are, five are not."""
    assert steady(1, 2, 3, 4).few_seeds
    assert not steady(1, 2, 3, 4, 5).few_seeds


def test_the_interval_of_three_seeds_goes_from_the_least_difference_to_the_greatest() -> None:
    """One resample in 27 holds the least alone: more than 2.5 %."""
    assert interval(steady(91, 91, 91), steady(90, 92, 94)) == (-3, 1)
    assert interval(steady(90, 92, 94), steady(91, 91, 91)) == (-1, 3)


def test_the_interval_over_seeds_is_scipys() -> None:
    """Paired by seed, as many resamples, within a third of a standard error."""
    random = np.random.default_rng(1)
    other = random.normal(80, 5, 12)
    one = other + random.normal(1, 1, 12)

    low, high = interval(steady(*one), steady(*other))

    theirs = stats.bootstrap(
        (one, other),
        lambda x, y, axis: np.mean(x, axis=axis) - np.mean(y, axis=axis),
        paired=True,
        n_resamples=REPLICATES,
        method="percentile",
        rng=np.random.default_rng(2),
    )
    within = 0.35 * theirs.standard_error
    assert low == pytest.approx(theirs.confidence_interval.low, abs=within)
    assert high == pytest.approx(theirs.confidence_interval.high, abs=within)


def test_the_interval_of_one_seed_is_scipys_over_examples() -> None:
    """Paired by example; a single seed says nothing about seeds, and adds nothing."""
    random = np.random.default_rng(3)
    other = random.random(400) < 0.8
    one = np.where(random.random(400) < 0.9, other, ~other)

    low, high = interval(accuracy(one), accuracy(other))

    theirs = stats.bootstrap(
        (100.0 * one, 100.0 * other),
        lambda x, y, axis: np.mean(x, axis=axis) - np.mean(y, axis=axis),
        paired=True,
        n_resamples=REPLICATES,
        method="percentile",
        rng=np.random.default_rng(4),
    )
    within = 0.35 * theirs.standard_error
    assert low == pytest.approx(theirs.confidence_interval.low, abs=within)
    assert high == pytest.approx(theirs.confidence_interval.high, abs=within)


def test_examples_and_seeds_both_widen_the_interval() -> None:
    """Against a bootstrap of both, written out in loops over right and wrong answers."""
    random = np.random.default_rng(5)
    skill = np.array([0.6, 0.7, 0.8, 0.75, 0.65, 0.7])
    one, other = (random.random((6, 150)) < (skill + by)[:, None] for by in (0.1, 0.0))
    differences: list[float] = []
    for _ in range(2000):
        examples, seeds = random.integers(150, size=150), random.integers(6, size=6)
        sample = [100 * right[np.ix_(seeds, examples)].mean() for right in (one, other)]
        differences.append(sample[0] - sample[1])

    found = interval(accuracy(*one), accuracy(*other))

    error = np.std(differences)
    expected = np.percentile(differences, [2.5, 97.5])
    assert list(found) == pytest.approx(list(expected), abs=0.35 * error)
    alone = interval(steady(*100 * one.mean(axis=1)), steady(*100 * other.mean(axis=1)))
    assert alone[1] - alone[0] < 0.9 * (found[1] - found[0])


def test_the_same_predictions_differ_by_nothing() -> None:
    """The examples are paired, and the seeds: the interval has no width."""
    right = np.random.default_rng(6).random((3, 100)) < 0.7

    assert interval(accuracy(*right), accuracy(*right)) == (0, 0)
    low, high = interval(accuracy(*right), accuracy(*right, task="mlm"))
    assert low < -3 < 3 < high


def test_other_seeds_are_resampled_on_their_own() -> None:
    """Two scores 10 apart: of other seeds, 1 of 4 x 4 pairs of resamples is -10, and 1 is 10."""
    one = steady(60, 70)
    same, other = (scored(one.replicates, seeds) for seeds in ([1, 2], [3, 4]))

    assert interval(one, same) == (0, 0)
    assert interval(one, other) == (-10, 10)


def test_a_score_without_seed_is_compared_too() -> None:
    """The majority answer: a single one, on the same examples."""
    constant = scored([[45.0] * REPLICATES])
    constant.by_seed.index = pd.Index([pd.NA], dtype="Int64")

    assert interval(steady(90, 92, 94), constant) == (45, 49)


def test_an_interval_is_the_same_every_time() -> None:
    """Tables are the same bytes; no other interval has a say."""
    one, other = steady(90, 95, 97, 91), steady(89, 99, 93, 92)
    first = interval(one, other)
    interval(steady(1, 2, 3), steady(3, 2, 1))

    assert interval(one, other) == first


def test_19_of_20_intervals_hold_the_true_difference() -> None:
    """300 splits of 200 examples, two trainings right on 85 and 80 %, on 75 % together."""
    random = np.random.default_rng(7)
    holding = 0
    for _ in range(300):
        kind = random.choice(4, size=200, p=[0.75, 0.10, 0.05, 0.10])
        low, high = interval(accuracy(kind <= 1), accuracy((kind == 0) | (kind == 2)))
        holding += low <= 5 <= high

    assert 0.91 < holding / 300 < 0.985
