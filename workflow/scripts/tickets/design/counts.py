"""How many trainings and jobs a study is made of, each counted once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from tickets import paths
from tickets.design import registry
from tickets.design.dag import Design
from tickets.design.experiments import (
    baselines,
    compared_masks,
    full,
    needed,
    rewinding,
    sweep,
    tickets,
    transfer_variants,
    transferability,
    transfers,
    winning_tickets,
)
from tickets.paths import DENSE, THETA_0


@dataclass(frozen=True, kw_only=True)
class Counts:
    """The trainings behind all tables of a study.

    kinds: by the first experiment that needs them, in the order of the paper. Each training is in
    one of them, with those that its mask and weights come from. tables: how many tables need each.
    """

    kinds: Mapping[str, set[str]]
    tables: Mapping[str, int]
    design: Design

    @property
    def trainings(self) -> set[str]:
        """All of them, without those that end early."""
        return set(self.tables)

    @property
    def shared(self) -> int:
        """How many more than one table needs."""
        return sum(tables > 1 for tables in self.tables.values())

    @property
    def alone(self) -> int:
        """How many it would take were every table made without the others."""
        return sum(self.tables.values())

    @cached_property
    def early(self) -> set[str]:
        """The names of theta_i: weights from trainings that end early."""
        starts = {paths.parts(each)[0] for each in self.tables}
        found = {start for start in starts if paths.parse_weights(start).kind == "theta_i"}
        for start in map(paths.parse_weights, starts):
            if start.kind == "round" and start.task and start.rewind and start.seed:
                found.add(paths.theta_i(start.task, start.rewind, start.seed))
        return found - {THETA_0}

    @cached_property
    def masks(self) -> set[str]:
        """The names of all masks."""
        found = {DENSE, *compared_masks(self.design), *(paths.parts(t)[1] for t in self.tables)}
        # A random mask that is pruned layer by layer like a winning one is made after that one.
        return found | {mask.replace("layerwise/", "imp/") for mask in found if "layerwise" in mask}

    @cached_property
    def weights(self) -> set[str]:
        """The names of all weights that are kept."""
        starts = {paths.parts(each)[0] for each in self.tables}
        temporary = ("round", "trained")
        return {THETA_0, *self.early} | {
            start for start in starts if paths.parse_weights(start).kind not in temporary
        }

    @cached_property
    def jobs(self) -> Mapping[str, int]:
        """Jobs by rule: what is trained, and what is made for it from weights and masks."""
        found = Counter(map(_rule_of_mask, self.masks))
        found.update(_rule_of_weights(weights) for weights in self.weights)
        starts = [paths.parts(training)[:2] for training in self.tables]
        found["round_start"] = len({w for w, _ in starts if w.startswith("round/")})
        found["rewind"] = len(set(starts))
        found["train"] = len(self.tables)
        return +found


def count(design: Design) -> Counts:
    """All trainings of a study's tables."""
    groups: dict[str, Iterable[str]] = {
        "full model": full(design),
        "rounds of IMP, and their masks": tickets(design),
        "rewinding": _of("imp", rewinding(design)),
        "standard pruning": rewinding(design),
        **{f"sweep, {finder}": _of(finder, sweep(design)) for finder in design.sweep},
        "baselines": [*baselines(design), *winning_tickets(design)],
        "transfer": transfers(design),
        "transfer, variants": transfer_variants(design),
        "subsets as sources": transferability(design),
    }
    kinds: dict[str, set[str]] = {}
    seen: set[str] = set()
    for name, wanted in groups.items():
        kinds[name] = needed(design, wanted) - seen
        seen |= kinds[name]
    parts = registry.parts().values()
    tables = Counter(each for part in parts for each in needed(design, part.trainings(design)))
    return Counts(kinds=kinds, tables=tables, design=design)


def _of(finder: str, trainings: Iterable[str]) -> list[str]:
    return [each for each in trainings if _finder(paths.parts(each)[1]) == finder]


def _finder(mask: str) -> str:
    return mask.split("/")[0]


def _rule_of_mask(mask: str) -> str:
    if mask.startswith("imp/") and mask.endswith(tuple(paths.WINNING)):
        return "winning_mask"
    rules = {
        "imp": "prune",
        "standard": "prune_standard",
        "random": "random_mask",
        "layerwise": "layerwise_mask",
    }
    return rules.get(_finder(mask), _finder(mask))


def _rule_of_weights(weights: str) -> str:
    kind = paths.parse_weights(weights).kind
    return "shuffle" if kind.startswith("shuffled") else kind
