"""The number of trainings and jobs of a study, each counted once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain

from tickets.criterion import SPLITS
from tickets.design import registry
from tickets.design.dag import Design
from tickets.design.experiments import (
    baselines,
    full,
    full_models,
    needed,
    rewinding,
    sweep,
    tickets,
    transfer_variants,
    transferability,
    transfers,
    winning_tickets,
)
from tickets.design.table_spec import TableSpec
from tickets.finder import COMBINED, gathers, is_round
from tickets.names import DENSE, THETA_0, MaskName, TrainingName, WeightsName, theta_i
from tickets.paths import Results


@dataclass(frozen=True, kw_only=True)
class Counts:
    """The trainings behind a study's tables.

    kinds: trainings by the first experiment that needs them, in the paper's order, with those that
    their masks and weights come from. parts: the same by the name of the scores that need them, or
    of the table that has none. specs: the study's tables, by name.
    """

    kinds: Mapping[str, set[TrainingName]]
    parts: Mapping[str, set[TrainingName]]
    design: Design
    specs: Mapping[str, TableSpec]

    @cached_property
    def tables(self) -> Mapping[TrainingName, int]:
        """How many tables need each training."""
        return Counter(chain.from_iterable(self.parts.values()))

    def needed_by(self, table: str) -> set[TrainingName]:
        """The trainings that a table takes if it is made alone."""
        spec, design = registry.table(table), self.design
        possible = (name for name in spec.possible_tables if name in self.specs)
        others = map(self.needed_by, (*spec.tables, *possible, *spec.later_tables))
        own, read = _trainings_of(spec, design), _trainings_read(spec, design)
        return own.union(*read.values(), *others)

    @property
    def trainings(self) -> set[TrainingName]:
        """All trainings, without those that end early."""
        return set(self.tables)

    @property
    def shared(self) -> int:
        """The number of trainings that more than one table needs."""
        return sum(tables > 1 for tables in self.tables.values())

    @property
    def alone(self) -> int:
        """The number of trainings if every table were made without the others."""
        return sum(self.tables.values())

    @cached_property
    def early(self) -> set[WeightsName]:
        """Every theta_i: weights from trainings that end early."""
        starts = {each.weights for each in self.tables}
        rounds = [each for each in starts if each.kind == "round"]
        early = {each for each in starts if each.kind == "theta_i"}
        early |= {theta_i(each.task, each.rewind, each.seed) for each in rounds}
        return early - {THETA_0}

    @cached_property
    def masks(self) -> set[MaskName]:
        """All masks."""
        compared = (spec.masks(self.design) for spec in self.specs.values() if spec.masks)
        masks = {DENSE, *chain(*compared), *(each.mask for each in self.tables)}
        # What gathers movement is no training of a table, so its mask may be named by no table.
        gathered = [each for each in masks if gathers(each.finder)]
        masks.update(*(_rounds_to(each, self.design) for each in gathered))
        # A random mask like a winning one needs that mask.
        return masks | {replace(each, finder="imp") for each in masks if each.finder == "layerwise"}

    @cached_property
    def gatherings(self) -> set[TrainingName]:
        """The trainings that only gather movement, which decides a mask."""
        decisive = (self.design.decided_by(mask) for mask in self.masks if gathers(mask.finder))
        return set(filter(None, decisive))

    @cached_property
    def weights(self) -> set[WeightsName]:
        """All weights that are kept."""
        starts = {each.weights for each in self.tables}
        temporary = ("round", "trained")
        return {THETA_0, *self.early} | {each for each in starts if each.kind not in temporary}

    @cached_property
    def jobs(self) -> Mapping[str, int]:
        """The number of jobs by rule: trainings, and what they need of weights and masks."""
        jobs = Counter(_rule_of_mask(self.design, mask) for mask in self.masks)
        jobs.update(_rule_of_weights(weights) for weights in self.weights)
        starts = {each.weights for each in self.tables}
        jobs["round_start"] = sum(each.kind == "round" for each in starts)
        jobs["rewind"] = len({each.ticket for each in chain(self.tables, self.gatherings)})
        jobs["train"], jobs["gather"] = len(self.tables), len(self.gatherings)
        specs = self.specs.values()
        jobs["interpolate"] = sum(len(spec.lines(self.design)) for spec in specs if spec.lines)
        files = Results(root="")
        jobs["initial_loss"] = len(
            {loss for spec in specs for loss in spec.loss_files(files, self.design)}
        )
        return +jobs


def count(design: Design, specs: Mapping[str, TableSpec] | None = None) -> Counts:
    """Count the trainings of a study's tables; by default, of all but the optional ones."""
    specs = registry.select_tables() if specs is None else specs
    parts: dict[str, set[TrainingName]] = {}
    for name, spec in specs.items():
        parts |= {spec.part or name: _trainings_of(spec, design)} | _trainings_read(spec, design)
    all_trainings = set().union(*parts.values())
    groups: dict[str, Iterable[TrainingName]] = {
        "full model": full(design),
        "rounds of IMP, and their masks": tickets(design),
        "rewinding": _of("imp", rewinding(design)),
        "standard pruning": rewinding(design),
        **{f"sweep, {finder}": _of(finder, sweep(design)) for finder in design.sweep},
        "baselines": [*baselines(design), *winning_tickets(design)],
        "transfer": transfers(replace(design, combine={})),
        **{
            f"combined masks, {name}": transfers(replace(design, combine={name: each}))
            for name, each in design.combine.items()
        },
        "transfer, variants": transfer_variants(design),
        "subsets as sources": transferability(design),
        "full model, trained again": full_models(design),
        **{name: spec.trainings(design) for name, spec in specs.items() if spec.optional},
    }
    kinds: dict[str, set[TrainingName]] = {}
    seen: set[TrainingName] = set()
    for name, wanted in groups.items():
        kinds[name] = needed(design, wanted) & all_trainings - seen
        seen |= kinds[name]
    return Counts(kinds=kinds, parts=parts, design=design, specs=specs)


def _trainings_of(spec: TableSpec, design: Design) -> set[TrainingName]:
    """The trainings whose scores, ends or masks a table is made from."""
    masks = spec.masks(design) if spec.masks else []
    decisive = (design.decided_by(mask) for mask in masks if is_round(mask.finder))
    return needed(design, filter(None, [*spec.trainings(design), *decisive]))


def _trainings_read(spec: TableSpec, design: Design) -> dict[str, set[TrainingName]]:
    """The trainings of the other scores that a table reads, by the name of their file."""
    scored = registry.parts()
    return {name: needed(design, scored[name].trainings(design)) for name in spec.metrics_of}


def _of(finder: str, trainings: Iterable[TrainingName]) -> list[TrainingName]:
    return [each for each in trainings if each.mask.finder == finder]


def _rounds_to(mask: MaskName, design: Design) -> Iterable[MaskName]:
    """A mask found in rounds, and those of the rounds before it."""
    while mask != DENSE:
        yield mask
        mask = design.before(mask)


def _rule_of_mask(design: Design, mask: MaskName) -> str:
    if mask.finder == "layerwise":
        return "layerwise_mask"
    if mask.finder == COMBINED:
        return "combine_masks"
    if mask.at:
        return "winning_mask"
    if is_round(mask.finder):
        return "prune"
    reads = mask != DENSE and not set(design.depends_on(mask.finder)).isdisjoint(SPLITS)
    return "find_mask_on_data" if reads else "find_mask"


def _rule_of_weights(weights: WeightsName) -> str:
    return "shuffle" if weights.kind.startswith("shuffled") else weights.kind
