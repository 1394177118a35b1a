"""Once, from the end of the full model's training: the weights that it changed most are kept."""

from __future__ import annotations

from tickets.names import DENSE, THETA_0, MaskName, TrainingName, training
from tickets.procedure import Procedure, Rounds


def decided_by(design: Rounds, mask: MaskName) -> TrainingName:
    """The full model's training, with the mask's seed."""
    del design
    return training(THETA_0, DENSE, mask.task, mask.seed)


PROCEDURE = Procedure(
    label="largest change",
    of=("task", "seed"),
    decided_by=decided_by,
    criterion="change",
    once=True,
)
