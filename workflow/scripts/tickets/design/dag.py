"""What the DAG is unrolled from: a study's design, and what each round of pruning stands on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from tickets import paths
from tickets.files import canonical_json
from tickets.paths import DENSE, THETA_0, Results, training


@dataclass(frozen=True, kw_only=True)
class Design:
    """The grid of a study; sparsities and rewinds are labels in per cent, as paths write them.

    tasks: each a source and a target. subsets: further sources, each a task on a part of its
    parent's training examples. sparsities: after each round of IMP. transfer: the one of them that
    masks are transferred at. rewind: that of the study's own masks; rewinds: the others that it is
    compared with. mlm: the tasks that are masked language modelling. later_sources: whose later
    weights are transferred too. sweep: finders that are followed over all sparsities beside IMP.
    head, decay, first_mlm_mask: how the rounds of IMP go on from each other (config/README.md).
    """

    tasks: Sequence[str]
    seeds: Sequence[int]
    sparsities: Sequence[str]
    transfer: str
    rewind: str
    rewinds: Sequence[str] = ()
    subsets: Mapping[str, str] = field(default_factory=dict[str, str])
    mlm: Sequence[str] = ()
    later_sources: Sequence[str] = ()
    sweep: Sequence[str] = ("oneshot", "random")
    head: str = "rewind"
    decay: str = "round"
    first_mlm_mask: str = "trained"

    @classmethod
    def from_json(cls, text: str) -> Design:
        """The design that `to_json` wrote."""
        values: dict[str, Any] = json.loads(text)
        return cls(**values)

    def to_json(self) -> str:
        """The design on one line: a command is told of it so, as its lists would be too long."""
        return canonical_json(asdict(self)).decode()

    def own_mask(self, source: str, seed: int | str) -> str:
        """The mask that IMP finds on a source, at the sparsity of transfer."""
        return paths.imp(source, self.rewind, seed, self.transfer)

    def round(self, sparsity: str) -> int:
        """Which round reaches `sparsity`, from 1; 0 for the dense network."""
        return 0 if sparsity == "0" else self.sparsities.index(sparsity) + 1

    def sparsity_before(self, sparsity: str) -> str:
        """The sparsity that the round which reaches `sparsity` starts at."""
        round_ = self.round(sparsity)
        return self.sparsities[round_ - 2] if round_ > 1 else "0"

    def before(self, task: str, rewind: str, seed: int | str, sparsity: str) -> str:
        """IMP's mask of the round before the one that reaches `sparsity`."""
        before = self.sparsity_before(sparsity)
        return DENSE if before == "0" else paths.imp(task, rewind, seed, before)

    def standard_before(self, task: str, seed: int | str, sparsity: str) -> str:
        """The same in standard pruning."""
        before = self.sparsity_before(sparsity)
        return DENSE if before == "0" else paths.standard(task, seed, before)

    def scored_by(self, task: str, rewind: str, seed: int | str, sparsity: str) -> str | None:
        """The training whose final weights decide IMP's mask of `sparsity`; None: theta_0's do.

        Where every round starts from theta_i with its own head and learning rate, that training is
        also the one that evaluates the mask before; else the rounds are trainings of their own.
        """
        if task in self.mlm and self.first_mlm_mask == "oneshot" and self.round(sparsity) == 1:
            return None
        before = self.before(task, rewind, seed, sparsity)
        if self.head == "keep" or self.decay == "all":
            start = paths.round_start(task, rewind, seed, self.sparsity_before(sparsity))
        else:
            start = paths.theta_i(task, rewind, seed)
        return training(start, before, task, seed)

    def head_of(self, task: str, rewind: str, seed: int | str, sparsity: str) -> str | None:
        """The training whose head the round under the mask of `sparsity` goes on with, if any."""
        if self.head != "keep" or sparsity == "0":
            return None
        return self.scored_by(task, rewind, seed, sparsity)

    def standard_scored_by(self, task: str, seed: int | str, sparsity: str) -> str:
        """The training whose final weights decide standard pruning's mask of `sparsity`."""
        return self.trained_by(paths.trained(task, seed, self.sparsity_before(sparsity)))

    def trained_by(self, weights: str) -> str:
        """The training that ends with `weights`, a name that `paths.trained` gives.

        Standard pruning has no rewinding: each round goes on from where the one before ended.
        """
        about = paths.parse_weights(weights)
        assert about.kind == "trained"
        assert about.task is not None
        assert about.seed is not None
        assert about.sparsity is not None
        task, seed, sparsity = about.task, about.seed, about.sparsity
        if sparsity == "0":
            return training(THETA_0, DENSE, task, seed)
        start = paths.trained(task, seed, self.sparsity_before(sparsity))
        return training(start, paths.standard(task, seed, sparsity), task, seed)


def file_of_weights(files: Results, design: Design, weights: str) -> str:
    """The file that holds `weights`: those that a training ends with are its own output."""
    if paths.parse_weights(weights).kind == "trained":
        return files.trained(design.trained_by(weights))
    return files.weights(weights)


def file_of_scores(
    files: Results, design: Design, task: str, rewind: str, seed: str, sparsity: str
) -> str:
    """The weights whose magnitudes decide IMP's mask of `sparsity`."""
    scored_by = design.scored_by(task, rewind, seed, sparsity)
    return files.weights(THETA_0) if scored_by is None else files.trained(scored_by)


def files_of_head(
    files: Results, design: Design, task: str, rewind: str, seed: str, sparsity: str
) -> list[str]:
    """The weights whose head the round under the mask of `sparsity` goes on with; none, or one."""
    head = design.head_of(task, rewind, seed, sparsity)
    return [] if head is None else [files.trained(head)]
