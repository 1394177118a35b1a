"""Movement's scores against a training of transformers' model by torch's own AdamW."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from criteria_on_data import inputs, padded_steps
from tickets.criterion import Inputs, Scores, load_criterion

BATCHES = 4
TRAINING = {"learning_rate": 0.01, "adam_epsilon": 1e-4, "clip_norm": 0.05}


def summed_by_torch(given: Inputs, learning_rate: float) -> Scores:
    """-w dL/dw over the steps of a training, dropout off; the rate falls linearly to zero."""
    total = {name: np.zeros(weight.shape) for name, weight in given.prunable_weights.items()}
    optimizer = None
    for step, (theirs, batch) in enumerate(padded_steps(given, BATCHES)):
        if optimizer is None:
            epsilon = TRAINING["adam_epsilon"]
            optimizer = torch.optim.AdamW(theirs.parameters(), eps=epsilon, weight_decay=0)
        optimizer.zero_grad()
        theirs(**batch).loss.backward()
        for name, score in total.items():
            weight = theirs.bert.get_parameter(name)
            assert weight.grad is not None
            score -= (weight * weight.grad).detach().numpy()
        norm = torch.nn.utils.clip_grad_norm_(theirs.parameters(), TRAINING["clip_norm"])
        assert norm > TRAINING["clip_norm"]
        optimizer.param_groups[0]["lr"] = learning_rate * (BATCHES - step) / BATCHES
        optimizer.step()
    return {name: score.astype(np.float32) for name, score in total.items()}


def test_scores_are_gathered_while_the_weights_move(tmp_path: Path) -> None:
    """Each step's gradient counts where that step found the weights, and as it was not clipped."""
    given = inputs(tmp_path, batches=BATCHES, **TRAINING)
    expected = summed_by_torch(given, TRAINING["learning_rate"])
    at_rest = summed_by_torch(given, 0)

    found = load_criterion("movement").scores(given)

    assert found.keys() == expected.keys()
    for name, values in expected.items():
        largest = np.abs(values).max()
        assert np.abs(found[name] - values).max() < 1e-3 * largest
        assert np.abs(at_rest[name] - values).max() > 0.1 * largest
        assert found[name].min() < 0 < found[name].max()


def test_a_weight_that_nothing_depends_on_has_no_score(tmp_path: Path) -> None:
    """A span's head does not use the pooler."""
    given = inputs(tmp_path, head="span", batches=BATCHES, **TRAINING)

    found = load_criterion("movement").scores(given)

    assert not found["pooler.dense.weight"].any()
    assert all(score.any() for name, score in found.items() if name != "pooler.dense.weight")
