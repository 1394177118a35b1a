"""Which trainings and masks a study consists of: what the DAG is unrolled from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

from tickets.paths import DENSE, THETA_0, Results, imp, oneshot, random, reinit, theta_i, training


@dataclass(frozen=True, kw_only=True)
class Design:
    """The grid of a study; `sparsities` (of the rounds, the last is the target) and `rewind` are
    per cent, as paths write them.
    """

    tasks: Sequence[str]
    seeds: Sequence[int]
    sparsities: Sequence[str]
    rewind: str

    @property
    def target(self) -> str:
        """The sparsity at which masks are transferred."""
        return self.sparsities[-1]

    def own_mask(self, task: str, seed: int) -> str:
        """The mask that IMP ends with on a task."""
        return imp(task, self.rewind, seed, self.target)

    def before(self, task: str, rewind: str, seed: str, sparsity: str) -> str:
        """The mask of the round before the one that reaches `sparsity`."""
        round_ = self.round(sparsity)
        return imp(task, rewind, seed, self.sparsities[round_ - 2]) if round_ > 1 else DENSE

    def round(self, sparsity: str) -> int:
        """Which round reaches `sparsity`, from 1."""
        return self.sparsities.index(sparsity) + 1

    def scored_by(self, task: str, rewind: str, seed: str, sparsity: str) -> str:
        """The training whose final weights decide the mask of the round that reaches `sparsity`."""
        before = self.before(task, rewind, seed, sparsity)
        return training(theta_i(task, rewind, seed), before, task, seed)


def full(design: Design) -> list[str]:
    """The full model on every task: the first round of IMP where rewinding is to theta_0."""
    return [training(THETA_0, DENSE, t, s) for t, s in product(design.tasks, design.seeds)]


def transfers(design: Design) -> list[str]:
    """Every mask on every task, its own included, and the full model; mask and training share
    their seed.
    """
    tasks, seeds = design.tasks, design.seeds
    found = full(design)
    for target, seed in product(tasks, seeds):
        masks = [design.own_mask(source, seed) for source in tasks]
        masks += [oneshot(design.target), random(seed, design.target)]
        found += [training(THETA_0, mask, target, seed) for mask in masks]
    return found


def baselines(design: Design) -> list[str]:
    """On every task: the full model, IMP's ticket, one-shot and random masks, and random weights,
    under IMP's mask and under none.
    """
    found = full(design)
    for task, seed in product(design.tasks, design.seeds):
        own = design.own_mask(task, seed)
        for mask in (own, oneshot(design.target), random(seed, design.target)):
            found.append(training(THETA_0, mask, task, seed))
        for mask in (own, DENSE):
            found.append(training(reinit(seed), mask, task, seed))
    return found


PARTS: dict[str, Callable[[Design], list[str]]] = {"transfer": transfers, "baselines": baselines}
"""The trainings that each table is made of."""


def predicted(files: Results, design: Design, part: str) -> list[str]:
    """The predictions that a table is made of, the majority answers' included; sorted, each once.

    The rule that scores them and the command it calls both ask here: so many paths do not fit
    into a command line.
    """
    found = {files.predictions(each) for each in PARTS[part](design)}
    if part == "baselines":
        found |= {files.majority(task) for task in design.tasks}
    return sorted(found)
