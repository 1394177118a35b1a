"""Rounds with rewinding: iterative magnitude pruning (paper, Algorithm 1)."""

from __future__ import annotations

from tickets.names import MaskName, TrainingName, round_start, theta_i, training
from tickets.procedure import Procedure, Rounds


def decided_by(design: Rounds, mask: MaskName) -> TrainingName | None:
    """The training under the mask of the round before.

    Where every round starts from theta_i with its own head and learning rate, this training also
    evaluates that mask; otherwise rounds are trainings of their own. In the published code theta_0
    decides MLM's first mask.
    """
    is_first = design.round(mask.sparsity) == 1
    if mask.task in design.mlm and design.first_mlm_mask == "oneshot" and is_first:
        return None
    start = theta_i(mask.task, mask.rewind, mask.seed)
    if design.goes_on:
        before = design.sparsity_before(mask.sparsity)
        start = round_start(mask.task, mask.rewind, mask.seed, before)
    return training(start, design.before(mask), mask.task, mask.seed)


PROCEDURE = Procedure(label="IMP", of=("task", "rewind", "seed"), decided_by=decided_by)
