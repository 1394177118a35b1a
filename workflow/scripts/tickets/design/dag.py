"""What the DAG is unrolled from: a study's design, and what each round of pruning stands on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from tickets.files import canonical_json
from tickets.finder import depends_on
from tickets.names import (
    DENSE,
    THETA_0,
    MaskName,
    TrainingName,
    WeightsName,
    imp,
    standard,
    trained,
    training,
)
from tickets.paths import Results
from tickets.procedure import load_procedure


@dataclass(frozen=True, kw_only=True)
class Design:
    """The grid of a study; sparsities and rewinds are labels in per cent, as paths write them.

    tasks: each a source and a target. subsets: further sources, each a task on a part of its
    parent's training examples. sparsities: after each round of IMP. transfer: the one of them that
    masks are transferred at. rewind: that of the study's own masks; rewinds: the others that it is
    compared with. mlm: the tasks that are masked language modelling. later_sources: whose later
    weights are transferred too. sweep: finders that are followed over all sparsities beside IMP.
    criteria: those of the study's own, with the parts of their paths, and the splits they read.
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
    criteria: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
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

    def for_part(self, part: str) -> Design:
        """As much of it as a table's scores depend on: other finders for the sweep alone."""
        return self if part == "sweep" else replace(self, sweep=(), criteria={})

    def own_mask(self, source: str, seed: int) -> MaskName:
        """The mask that IMP finds on a source, at the sparsity of transfer."""
        return imp(source, self.rewind, seed, self.transfer)

    def depends_on(self, finder: str) -> Sequence[str]:
        """Parts of its masks' paths, and splits that they are found on."""
        return self.criteria[finder] if finder in self.criteria else depends_on(finder)

    def mask_at_theta_0(self, finder: str, task: str, seed: int, sparsity: str) -> MaskName:
        """A finder's mask that theta_0 decides; of task and seed it has what it depends on."""
        parts = self.depends_on(finder)
        return MaskName(
            finder=finder,
            task=task if "task" in parts else "",
            seed=seed if "seed" in parts else None,
            sparsity=sparsity,
        )

    @property
    def goes_on(self) -> bool:
        """Whether rounds of IMP go on from each other: a head, or a learning rate over them all."""
        return self.head == "keep" or self.decay == "all"

    def round(self, sparsity: str) -> int:
        """Which round reaches `sparsity`, from 1; 0 for the dense network."""
        return 0 if sparsity == "0" else self.sparsities.index(sparsity) + 1

    def sparsity_before(self, sparsity: str) -> str:
        """The sparsity that the round which reaches `sparsity` starts at."""
        round_ = self.round(sparsity)
        return self.sparsities[round_ - 2] if round_ > 1 else "0"

    def before(self, mask: MaskName) -> MaskName:
        """The mask of the round before the one that finds `mask`."""
        before = self.sparsity_before(mask.sparsity)
        return DENSE if before == "0" else replace(mask, sparsity=before)

    def decided_by(self, mask: MaskName) -> TrainingName | None:
        """The training whose final weights decide a mask that is found in rounds; None: theta_0's
        do.
        """
        return load_procedure(mask.finder).decided_by(self, mask)

    def head_of(self, start: WeightsName) -> TrainingName | None:
        """The training whose head a round goes on with, where one does; `start` is its start."""
        if self.head != "keep" or start.sparsity == "0":
            return None
        return self.decided_by(imp(start.task, start.rewind, start.seed, start.sparsity))

    def trained_by(self, weights: WeightsName) -> TrainingName:
        """The training that ends with `weights`, a name that `names.trained` gives.

        Standard pruning has no rewinding: each round goes on from where the one before ended.
        """
        task, seed, sparsity = weights.task, weights.seed, weights.sparsity
        if sparsity == "0":
            return training(THETA_0, DENSE, task, seed)
        start = trained(task, seed, self.sparsity_before(sparsity))
        return training(start, standard(task, seed, sparsity), task, seed)


def file_of_weights(files: Results, design: Design, weights: WeightsName) -> str:
    """The file that holds `weights`: those that a training ends with are its own output."""
    if weights.kind == "trained":
        return files.trained(design.trained_by(weights))
    return files.weights(weights)


def file_of_scores(files: Results, design: Design, mask: MaskName) -> str:
    """The weights that decide a mask that is found in rounds."""
    decides = design.decided_by(mask)
    return files.weights(THETA_0) if decides is None else files.trained(decides)


def files_of_head(files: Results, design: Design, start: WeightsName) -> list[str]:
    """The weights whose head the round that begins with `start` goes on with; none, or one."""
    kept = design.head_of(start)
    return [] if kept is None else [files.trained(kept)]
