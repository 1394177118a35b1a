"""Largest change: the weights that a training changed least are pruned (Panda et al. 2024)."""

from __future__ import annotations

import numpy as np

from tickets.criterion import Criterion, Inputs, Scores


def scores(inputs: Inputs) -> Scores:
    """|theta_T - theta_0| (arXiv 2406.16797: LoTA's mask calibration)."""
    theta_0 = inputs.theta_0
    return {
        name: np.abs(weights - theta_0[name]) for name, weights in inputs.prunable_weights.items()
    }


CRITERION = Criterion(
    label="largest change", scores=scores, procedures=("change",), with_theta_0=True
)
