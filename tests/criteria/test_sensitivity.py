"""Summed gradients against autograd's, through a padded model of transformers."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from criteria_on_data import inputs, padded_steps
from tickets.criterion import Inputs, Scores
from tickets.training.first_batches import reserved_device, sum_gradients

BATCHES = 3


def summed(given: Inputs) -> Scores:
    with reserved_device(given) as (encoded, model):
        return sum_gradients(given, encoded, model)


def test_gradients_are_those_of_autograd(tmp_path: Path) -> None:
    """Summed over the batches that a training would begin with, dropout off."""
    given = inputs(tmp_path, batches=BATCHES)
    for theirs, batch in padded_steps(given, BATCHES):
        theirs(**batch).loss.backward()

    slopes = summed(given)

    for name, slope in slopes.items():
        expected = theirs.bert.get_parameter(name).grad
        assert expected is not None
        assert np.allclose(slope, expected.numpy(), rtol=1e-3, atol=1e-6)
    assert len(slopes) == 2 * 6 + 1


def test_a_matrix_that_no_answer_depends_on_has_none(tmp_path: Path) -> None:
    """A span's head does not use the pooler."""
    slopes = summed(inputs(tmp_path, head="span", batches=BATCHES))

    assert not slopes["pooler.dense.weight"].any()
    assert all(slope.any() for name, slope in slopes.items() if name != "pooler.dense.weight")
