"""Finders: a procedure and a criterion under one name.

A procedure's name stands for it with the criterion that it declares, which is magnitude unless it
says otherwise ("imp"); a criterion's name for the criterion applied once, at theta_0 ("snip").
"""

from __future__ import annotations

from collections.abc import Sequence

from tickets import axes
from tickets.criterion import load_criterion
from tickets.names import FORMS, PERCENT
from tickets.procedure import load_procedure

IMP, MAGNITUDE, ONCE = "imp", "magnitude", "oneshot"
COMBINED = "combined"
"""In the place of a finder in the names of masks that are made of several tasks' masks."""

RESERVED = ("dense", "layerwise", "majority", COMBINED)
"""Names in the place of a finder that belong to no axis."""


def criterion_of(finder: str) -> str:
    """The name of a finder's criterion."""
    return load_procedure(finder).criterion if finder in axes.names("procedures") else finder


def is_round(finder: str) -> bool:
    """Whether its masks are found in rounds, each from the weights of a training."""
    return finder in axes.names("procedures") and finder != ONCE


def prunes_in_rounds(finder: str) -> bool:
    """Whether each of its masks prunes the mask of the round before further."""
    return is_round(finder) and not load_procedure(finder).once


def gathers(finder: str) -> bool:
    """Whether the movement that a training gathers decides its masks."""
    return is_round(finder) and load_procedure(finder).gathers


def compares_with_theta_0(finder: str) -> bool:
    """Whether a mask found in rounds is made from theta_0 too."""
    return load_criterion(criterion_of(finder)).with_theta_0


def at_theta_0() -> list[str]:
    """All finders of the project that prune theta_0 once, sorted."""
    criteria = {name: load_criterion(name) for name in axes.names("criteria") if name != MAGNITUDE}
    return sorted([ONCE, *(name for name, each in criteria.items() if ONCE in each.procedures)])


def beside_imp() -> list[str]:
    """All finders of the project but IMP, sorted."""
    return sorted({*at_theta_0(), *axes.names("procedures")} - {IMP})


def depends_on(finder: str) -> Sequence[str]:
    """What its masks depend on beside theta_0: parts of their paths (task, rewind, seed), splits.

    Raises:
        BadInput: there is no such finder.
    """
    if finder in axes.names("procedures"):
        return load_procedure(finder).of
    criterion = load_criterion(finder)
    return (*criterion.of, *criterion.reads)


def form(finder: str, parts: Sequence[str]) -> str:
    """A regular expression for the names of a finder's masks; `parts` is what it depends on."""
    between = [pattern for part, pattern in FORMS.items() if part in parts]
    return "/".join([finder, *between, f"sparsity-{PERCENT}"])


def label_of(finder: str) -> str:
    """A finder's label in figures; for a study's own criterion, its name."""
    if finder in axes.names("procedures"):
        return load_procedure(finder).label
    return load_criterion(finder).label if finder in axes.names("criteria") else finder
