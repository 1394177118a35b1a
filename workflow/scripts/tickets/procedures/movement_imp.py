"""Rounds with rewinding, pruned by the movement that each round's training has gathered."""

from __future__ import annotations

from tickets.names import MaskName, TrainingName, theta_i, training
from tickets.procedure import Procedure, Rounds


def decided_by(design: Rounds, mask: MaskName) -> TrainingName:
    """The training under the mask of the round before, from theta_i: a round of the paper's."""
    start = theta_i(mask.task, mask.rewind, mask.seed)
    return training(start, design.before(mask), mask.task, mask.seed)


PROCEDURE = Procedure(
    label="IMP by movement",
    of=("task", "rewind", "seed"),
    decided_by=decided_by,
    criterion="gathered",
    gathers=True,
)
