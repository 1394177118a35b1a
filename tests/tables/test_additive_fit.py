from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from tickets.tables.additive_fit import source_means

TASKS = ("a", "b", "c", "d")
PAIRS = [(source, target) for source, target in product(TASKS, TASKS) if source != target]


def test_effects_that_add_up_are_found_exactly() -> None:
    """Sources 1, 2, 3, 4 and targets 10, 20, 30, 40: a source's mean is its own plus 25."""
    differences = [1 + TASKS.index(s) + 10 * (1 + TASKS.index(t)) for s, t in PAIRS]

    assert source_means(PAIRS) @ differences == pytest.approx([26, 27, 28, 29])


def test_a_source_with_every_target_has_its_plain_mean() -> None:
    """Whatever the others have."""
    pairs = [*PAIRS, *(("whole", target) for target in TASKS)]
    differences = np.random.default_rng(0).normal(size=len(pairs))

    assert (source_means(pairs) @ differences)[-1] == pytest.approx(differences[-4:].mean())


def test_the_plain_mean_stays_where_pairs_leave_the_targets_open() -> None:
    """Two tasks, each the other's only target."""
    assert source_means([("a", "b"), ("b", "a")]) == pytest.approx(np.eye(2))
