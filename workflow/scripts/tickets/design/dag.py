"""A study's design, from which the DAG follows, and what each round of pruning depends on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, TypedDict

from tickets.files import canonical_json
from tickets.finder import COMBINED, depends_on, gathers
from tickets.names import (
    DENSE,
    EVALUATION,
    THETA_0,
    MaskName,
    TrainingName,
    WeightsName,
    imp,
    standard,
    theta_i,
    trained,
    training,
)
from tickets.paths import Results
from tickets.procedure import load_procedure

OF_PARTS: Mapping[str, tuple[Sequence[str], Any]] = {
    "sweep": (("sweep", "mask_loss"), ()),
    "criteria": (("sweep", "mask_loss"), {}),
    "combine": (("transfer",), {}),
}
"""The fields of a design that matter to the scores of some parts alone: the names of these parts,
and the field's value in the statements of all others.
"""


class Combination(TypedDict):
    """The tasks whose masks are combined, and by what a weight is ranked (`combining.RANKS`)."""

    of: Sequence[str]
    by: str


@dataclass(frozen=True, kw_only=True)
class Design:
    """The grid of a study; sparsities and rewinds are labels in per cent, as in paths.

    tasks: each is a source and a target. subsets: further sources, each a task on a part of its
    parent's training examples. sparsities: after each round of IMP. transfer: the one of them at
    which masks are transferred. rewind: that of the study's own masks; rewinds: the others to
    compare it with. mlm: the tasks and subsets that are masked language modelling. later_sources:
    sources whose later weights are transferred too. sweep: finders to follow over all sparsities
    beside IMP. criteria: the study's own, with the parts of their paths and the splits that they
    read. combine: masks that are made of tasks' masks, by name. head, decay, first_mlm_mask,
    mlm_weights, mlm_text: how the rounds of IMP continue each other; evaluation: whether scores are
    those of trainings with another seed than the mask's (config/README.md). The defaults are those
    of studies of earlier versions.
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
    combine: Mapping[str, Combination] = field(default_factory=dict[str, Combination])
    head: str = "rewind"
    decay: str = "round"
    first_mlm_mask: str = "trained"
    mlm_weights: str = "rewind"
    mlm_text: str = "same"
    evaluation: str = "same_seed"

    @classmethod
    def from_json(cls, text: str) -> Design:
        """The design in the text that `to_json` gives."""
        values: dict[str, Any] = json.loads(text)
        return cls(**values)

    def to_json(self) -> str:
        """The design on one line, for commands: its lists would be too long as flags."""
        return canonical_json(asdict(self)).decode()

    def for_part(self, part: str) -> Design:
        """What a part's scores depend on: without what matters to other parts alone."""
        other = {field: none for field, (parts, none) in OF_PARTS.items() if part not in parts}
        return replace(self, **other)

    @property
    def mlm_tasks(self) -> list[str]:
        """Those of `tasks` that are masked language modelling."""
        return [task for task in self.tasks if task in self.mlm]

    def own_mask(self, source: str, seed: int) -> MaskName:
        """IMP's mask of a source at the sparsity of transfer."""
        return imp(source, self.rewind, seed, self.transfer)

    def combined_mask(self, name: str, seed: int) -> MaskName:
        """A combination's mask of a seed, at the sparsity of transfer."""
        return MaskName(finder=COMBINED, task=name, seed=seed, sparsity=self.transfer)

    def parents(self, mask: MaskName) -> list[MaskName]:
        """The masks that a combined one is made of: its tasks' own, with its seed and sparsity."""
        tasks = self.combine[mask.task]["of"]
        return [imp(task, self.rewind, mask.seed, mask.sparsity) for task in tasks]

    def depends_on(self, finder: str) -> Sequence[str]:
        """What a finder's masks depend on: parts of their paths, and splits."""
        return self.criteria[finder] if finder in self.criteria else depends_on(finder)

    def mask_by(self, finder: str, task: str, seed: int, sparsity: str) -> MaskName:
        """A finder's mask, named by task, rewind and seed if it depends on them."""
        parts = self.depends_on(finder)
        return MaskName(
            finder=finder,
            task=task if "task" in parts else "",
            rewind=self.rewind if "rewind" in parts else "",
            seed=seed if "seed" in parts else None,
            sparsity=sparsity,
        )

    def evaluation_seed(self, seed: int) -> int:
        """The seed of the trainings that are scored for a study's seed, which finds the masks."""
        return seed + EVALUATION if self.evaluation == "other_seed" else seed

    def goes_on(self, task: str) -> bool:
        """Whether the rounds of IMP on a task are trainings of their own, and not those that
        evaluate its masks.
        """
        mlm_only = self.mlm_weights == "continue" or self.mlm_text == "new"
        return self.head == "keep" or self.decay == "all" or (mlm_only and task in self.mlm)

    def round(self, sparsity: str) -> int:
        """Which round reaches `sparsity`, from 1; 0 for the dense network."""
        return 0 if sparsity == "0" else self.sparsities.index(sparsity) + 1

    def sparsity_before(self, sparsity: str) -> str:
        """The sparsity that the round which reaches `sparsity` starts at."""
        round_ = self.round(sparsity)
        return self.sparsities[round_ - 2] if round_ > 1 else "0"

    def round_of(self, mask: MaskName) -> int:
        """Which round finds a mask, from 1; the first, if its procedure prunes once."""
        return 1 if load_procedure(mask.finder).once else self.round(mask.sparsity)

    def before(self, mask: MaskName) -> MaskName:
        """The mask of the round before that of `mask`; before the first, the dense one."""
        if self.round_of(mask) == 1:
            return DENSE
        return replace(mask, sparsity=self.sparsity_before(mask.sparsity))

    def decided_by(self, mask: MaskName) -> TrainingName | None:
        """The training that decides a mask found in rounds, by its final weights or by the movement
        that it gathers; None: theta_0 decides it.
        """
        return load_procedure(mask.finder).decided_by(self, mask)

    def rewinds_weights(self, task: str) -> bool:
        """Whether each round of IMP on a task starts from theta_i again."""
        return self.mlm_weights == "rewind" or task not in self.mlm

    def continued_by(self, start: WeightsName) -> TrainingName | None:
        """The training that the round from `start` continues, with its head or all its weights."""
        if self.head != "keep" and self.rewinds_weights(start.task):
            return None
        return self._before_round(start)

    def trainings_before(self, start: WeightsName) -> int:
        """The number of trainings in the rounds before the one from `start`."""
        before = self._before_round(start)
        return 0 if before is None else 1 + self.trainings_before(before.weights)

    def _before_round(self, start: WeightsName) -> TrainingName | None:
        """The training of the round before the one from `start`; None: that is the first."""
        if start.sparsity == "0":
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
    """The file of the weights, or of the movement, that decides a mask found in rounds."""
    decides = design.decided_by(mask)
    if decides is None:
        return files.weights(THETA_0)
    return files.movement(decides) if gathers(mask.finder) else files.trained(decides)


def files_of_round(files: Results, design: Design, start: WeightsName) -> dict[str, str]:
    """The files that a round's first weights are made from: theta, and a head that is kept."""
    early = files.weights(theta_i(start.task, start.rewind, start.seed))
    before = design.continued_by(start)
    if before is None:
        return {"theta": early}
    end = files.trained(before)
    return {"theta": early, "head": end} if design.rewinds_weights(start.task) else {"theta": end}
