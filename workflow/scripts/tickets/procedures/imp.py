"""Rounds with rewinding: iterative magnitude pruning (paper, Algorithm 1)."""

from __future__ import annotations

from tickets.names import DENSE, MaskName, TrainingName, WeightsName, theta_i, training
from tickets.procedure import Procedure, Rounds


def decided_by(design: Rounds, mask: MaskName) -> TrainingName | None:
    """The training under the mask of the round before.

    Where every round starts from theta_i with its own head, learning rate and text, this training
    may also evaluate that mask; otherwise rounds are trainings of their own. In the published code
    theta_0 decides MLM's first mask.
    """
    task, rewind, seed, before = mask.task, mask.rewind, mask.seed, design.before(mask)
    if before == DENSE and task in design.mlm and design.first_mlm_mask == "oneshot":
        return None
    start = theta_i(task, rewind, seed)
    if design.goes_on(task):
        sparsity = before.sparsity
        start = WeightsName(kind="round", task=task, rewind=rewind, seed=seed, sparsity=sparsity)
    return training(start, before, task, seed)


PROCEDURE = Procedure(label="IMP", of=("task", "rewind", "seed"), decided_by=decided_by)
