"""Fisher's scores against transformers' gradients."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from criteria_on_data import inputs, padded_steps
from tickets.criterion import load_criterion

BATCHES = 3


def test_scores_are_squared_weights_times_squared_gradients(tmp_path: Path) -> None:
    """Squared before they are added up over batches."""
    given = inputs(tmp_path, batches=BATCHES)
    weights = given.prunable_weights
    expected = {name: np.zeros_like(weight) for name, weight in weights.items()}
    for theirs, batch in padded_steps(given, BATCHES):
        theirs.zero_grad()
        theirs(**batch).loss.backward()
        for name, total in expected.items():
            slope = theirs.bert.get_parameter(name).grad
            assert slope is not None
            total += slope.numpy() ** 2

    found = load_criterion("fisher").scores(given)

    assert found.keys() == weights.keys()
    for name, total in expected.items():
        assert np.allclose(found[name], weights[name] ** 2 * total, rtol=1e-2, atol=1e-9)
    assert given.facts["products"] == "torch.float32"
