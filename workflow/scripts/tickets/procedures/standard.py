"""Rounds without rewinding: standard pruning."""

from __future__ import annotations

from tickets.names import MaskName, TrainingName, trained
from tickets.procedure import Procedure, Rounds


def decided_by(design: Rounds, mask: MaskName) -> TrainingName:
    """The training that goes on from where the one before it ended."""
    before = design.sparsity_before(mask.sparsity)
    return design.trained_by(trained(mask.task, mask.seed, before))


PROCEDURE = Procedure(label="standard", of=("task", "seed"), decided_by=decided_by)
