"""A study's design, from which the DAG follows, and what each round of pruning depends on."""

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
    """The grid of a study; sparsities and rewinds are labels in per cent, as in paths.

    tasks: each is a source and a target. subsets: further sources, each a task on a part of its
    parent's training examples. sparsities: after each round of IMP. transfer: the one of them at
    which masks are transferred. rewind: that of the study's own masks; rewinds: the others to
    compare it with. mlm: the tasks that are masked language modelling. later_sources: sources whose
    later weights are transferred too. sweep: finders to follow over all sparsities beside IMP.
    criteria: the study's own, with the parts of their paths and the splits that they read. head,
    decay, first_mlm_mask: how the rounds of IMP continue each other (config/README.md).
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
        """The design in the text that `to_json` gives."""
        values: dict[str, Any] = json.loads(text)
        return cls(**values)

    def to_json(self) -> str:
        """The design on one line, for commands: its lists would be too long as flags."""
        return canonical_json(asdict(self)).decode()

    def for_part(self, part: str) -> Design:
        """What a part's scores depend on: the finders of the sweep matter to the sweep alone."""
        return self if part == "sweep" else replace(self, sweep=(), criteria={})

    def own_mask(self, source: str, seed: int) -> MaskName:
        """IMP's mask of a source at the sparsity of transfer."""
        return imp(source, self.rewind, seed, self.transfer)

    def depends_on(self, finder: str) -> Sequence[str]:
        """What a finder's masks depend on: parts of their paths, and splits."""
        return self.criteria[finder] if finder in self.criteria else depends_on(finder)

    def mask_at_theta_0(self, finder: str, task: str, seed: int, sparsity: str) -> MaskName:
        """A finder's mask from theta_0, named by task and seed if it depends on them."""
        parts = self.depends_on(finder)
        return MaskName(
            finder=finder,
            task=task if "task" in parts else "",
            seed=seed if "seed" in parts else None,
            sparsity=sparsity,
        )

    @property
    def goes_on(self) -> bool:
        """Whether rounds of IMP continue each other: they keep the head, or share one decay."""
        return self.head == "keep" or self.decay == "all"

    def round(self, sparsity: str) -> int:
        """Which round reaches `sparsity`, from 1; 0 for the dense network."""
        return 0 if sparsity == "0" else self.sparsities.index(sparsity) + 1

    def sparsity_before(self, sparsity: str) -> str:
        """The sparsity that the round which reaches `sparsity` starts at."""
        round_ = self.round(sparsity)
        return self.sparsities[round_ - 2] if round_ > 1 else "0"

    def before(self, mask: MaskName) -> MaskName:
        """The mask of the round before that of `mask`."""
        before = self.sparsity_before(mask.sparsity)
        return DENSE if before == "0" else replace(mask, sparsity=before)

    def decided_by(self, mask: MaskName) -> TrainingName | None:
        """The training whose final weights decide a mask found in rounds; None: theta_0 does."""
        return load_procedure(mask.finder).decided_by(self, mask)

    def head_of(self, start: WeightsName) -> TrainingName | None:
        """The training whose head the round from `start` continues with, if it keeps one."""
        if self.head != "keep" or start.sparsity == "0":
            return None
        return self.decided_by(imp(start.task, start.rewind, start.seed, start.sparsity))

    def trained_by(self, weights: WeightsName) -> TrainingName:
        """The training that ends with `weights`, a name that `names.trained` gives.

        Standard pruning does not rewind: each round continues from the end of the one before.
        """
        task, seed, sparsity = weights.task, weights.seed, weights.sparsity
        if sparsity == "0":
            return training(THETA_0, DENSE, task, seed)
        start = trained(task, seed, self.sparsity_before(sparsity))
        return training(start, standard(task, seed, sparsity), task, seed)


def file_of_weights(files: Results, design: Design, weights: WeightsName) -> str:
    """The file of `weights`; the final weights of a training are its output."""
    if weights.kind == "trained":
        return files.trained(design.trained_by(weights))
    return files.weights(weights)


def file_of_scores(files: Results, design: Design, mask: MaskName) -> str:
    """The file of the weights that decide a mask found in rounds."""
    decides = design.decided_by(mask)
    return files.weights(THETA_0) if decides is None else files.trained(decides)


def files_of_head(files: Results, design: Design, start: WeightsName) -> list[str]:
    """The file of the head that the round from `start` continues with, if any."""
    kept = design.head_of(start)
    return [] if kept is None else [files.trained(kept)]
