"""Gathered: the movement that a round's training has gathered on its way (Sanh et al. 2020)."""

from __future__ import annotations

from tickets.criterion import Criterion, Inputs, Scores


def scores(inputs: Inputs) -> Scores:
    """What stands in the place of weights: the sum of -w dL/dw (`training/movement.py`)."""
    return inputs.prunable_weights


CRITERION = Criterion(label="gathered movement", scores=scores, procedures=("movement_imp",))
