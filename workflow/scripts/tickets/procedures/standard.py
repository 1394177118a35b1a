"""Rounds without rewinding: standard pruning."""

from __future__ import annotations

from tickets.names import MaskName, TrainingName, trained
from tickets.procedure import Procedure, Rounds


def decided_by(design: Rounds, mask: MaskName) -> TrainingName:
    """The training under the mask of the round before, which continues the training before it."""
    return design.trained_by(trained(mask.task, mask.seed, design.before(mask).sparsity))


PROCEDURE = Procedure(label="standard", of=("task", "seed"), decided_by=decided_by)
