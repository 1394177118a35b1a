"""Magnitude: the weights closest to zero are pruned first (paper, Algorithm 1, line 3)."""

from __future__ import annotations

import numpy as np

from tickets.criterion import Criterion, Inputs, Scores


def scores(inputs: Inputs) -> Scores:
    """|w|."""
    return {name: np.abs(weights) for name, weights in inputs.prunable_weights.items()}


CRITERION = Criterion(label="magnitude", scores=scores, procedures=("oneshot", "imp", "standard"))
