"""Iterative SNIP, round by round, against transformers' gradients."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np

from criteria_on_data import inputs, padded_steps
from tickets import masks
from tickets.criterion import find, load_criterion
from tickets.masks import Mask
from tickets.schedule import pruned_count
from tickets.scopes.global_ import prune_global

BATCHES, ROUNDS, SPARSITY = 2, 3, Fraction(7, 10)


def test_each_round_scores_the_network_that_the_one_before_left(tmp_path: Path) -> None:
    """Shares of 0.3^(1/3), 0.3^(2/3) and 0.3 of the weights stay; what has gone stays away."""
    given = inputs(tmp_path, SPARSITY, batches=BATCHES, rounds=ROUNDS)
    weights = given.prunable_weights
    mask = given.parent
    for number in range(1, ROUNDS + 1):
        slopes = {name: np.zeros_like(weight) for name, weight in weights.items()}
        for theirs, batch in padded_steps(given, BATCHES, mask):
            theirs.zero_grad()
            theirs(**batch).loss.backward()
            for name, total in slopes.items():
                slope = theirs.bert.get_parameter(name).grad
                assert slope is not None
                total += slope.numpy()
        scores = {name: np.abs(weights[name] * slopes[name]) for name in weights}
        share = SPARSITY if number == ROUNDS else 1 - Fraction(0.3 ** (number / ROUNDS))
        mask = prune_global(scores, mask, share)

    criterion = load_criterion("iterative_snip")
    found = find(criterion, str(criterion.scope), given)

    assert found.pruned == mask.pruned == pruned_count(SPARSITY, mask.prunable.size)
    assert differing(found, mask) < 0.01 * mask.prunable.size  # rounding moves the threshold
    once = find(load_criterion("snip"), "global", inputs(tmp_path, SPARSITY, batches=BATCHES))
    assert differing(found, once) > 0.02 * mask.prunable.size


def differing(one: Mask, other: Mask) -> int:
    """In how many weights two masks differ."""
    assert isinstance(one, masks.Mask)
    return sum(int((bits != other.kept[name]).sum()) for name, bits in one.kept.items())
