"""GraSP's scores against second derivatives by autograd."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from criteria_on_data import inputs, padded_steps
from tickets.criterion import load_criterion

BATCHES = 2


def test_scores_are_weights_times_hessian_times_gradient(tmp_path: Path) -> None:
    """Of the loss summed over batches; a difference of gradients is as good to a hundredth."""
    given = inputs(tmp_path, batches=BATCHES, step=0.001)
    weights = given.prunable_weights
    losses = []
    for theirs, batch in padded_steps(given, BATCHES):
        theirs.config._attn_implementation = "eager"  # others have no second derivative
        parameters = [theirs.bert.get_parameter(name) for name in weights]
        losses.append(theirs(**batch).loss)
    first = torch.autograd.grad(sum(losses), parameters, create_graph=True)
    product = sum((each * each.detach()).sum() for each in first)
    assert isinstance(product, torch.Tensor)
    second = torch.autograd.grad(product, parameters)
    expected = {
        name: weights[name] * each.numpy() for name, each in zip(weights, second, strict=True)
    }

    found = load_criterion("grasp").scores(given)

    largest = max(np.abs(each).max() for each in expected.values())
    for name, values in expected.items():
        assert np.abs(found[name] - values).max() < 0.01 * largest
    assert min(each.min() for each in found.values()) < 0
