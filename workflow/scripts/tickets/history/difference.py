"""Differences between two files: in their histories, and in the bits of two masks.

Both histories are walked together, role by role, from their roots. A difference is reported where
it first arises; what follows from it, such as other contents of later files, is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from tickets.files import canonical_json
from tickets.history.ancestry import PINS, SHOWN, Ancestor, Ancestry
from tickets.masks import PackedMask
from tickets.prunable import KINDS, PrunableSet, is_prunable, place
from tickets.statements import Statement

CONDITIONS = ("device", "threads", "products", "deterministic", "from")
"""The facts that are conditions of a job; the other facts are results."""

INCIDENTAL = ("slurmJobId",)
"""Parts of the environment that, like times, differ whenever a job runs again."""

NOTHING = "none"

Keys = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One difference, and the files in both histories where it first arises.

    more: the number of later pairs of files with the same difference.
    """

    places: tuple[str, str]
    what: str
    values: tuple[str, str]
    more: int = 0


@dataclass(frozen=True, kw_only=True)
class Bits:
    """The agreement of two masks in the matrices of one kind, or in all; counts of weights.

    A matrix whose name is not an encoder's is of a kind of its own, its name.
    """

    kind: str
    size: int
    kept: tuple[int, int]
    both: int

    @property
    def differing(self) -> Fraction:
        """The share of weights that one mask keeps and the other prunes."""
        return Fraction(sum(self.kept) - 2 * self.both, self.size)

    @property
    def jaccard(self) -> Fraction:
        """The share that both masks keep of the weights that either keeps; 1 if there are none."""
        either = sum(self.kept) - self.both
        return Fraction(self.both, either) if either else Fraction(1)


def compare(one: Ancestry, other: Ancestry) -> list[Difference]:
    """The differences between two histories, oldest first; times do not count."""
    differences: dict[tuple[str, tuple[str, str]], Difference] = {}
    differs: dict[Keys, bool] = {}
    for keys in _pairs(one, other):
        pair = one.ancestors[keys[0]], other.ancestors[keys[1]]
        changes = [] if keys[0] == keys[1] else list(_own(*pair))
        inherited = any(differs[parents] for parents in _parents(keys, one, other))
        if keys[0] != keys[1] and not changes and not inherited:
            changes = list(_results(*pair))
        differs[keys] = bool(changes) or inherited
        places = pair[0].place, pair[1].place
        for what, values in changes:
            first = differences.get((what, values))
            new = Difference(places=places, what=what, values=values)
            differences[what, values] = replace(first, more=first.more + 1) if first else new
    return list(differences.values())


def shared(one: PackedMask, other: PackedMask) -> tuple[PackedMask, PackedMask]:
    """Both masks without matrices that only one has, such as a head; whole if they share none.

    An encoder's matrices are the same by their names, others by names and shapes.
    """
    shapes = other.prunable.shapes
    names = [
        name
        for name, shape in one.prunable.shapes.items()
        if name in shapes and (shape == shapes[name] or is_prunable(name))
    ]
    return (_part(one, names), _part(other, names)) if names else (one, other)


def compare_bits(one: PackedMask, other: PackedMask) -> list[Bits]:
    """Compare two masks for each kind of matrix, then for all matrices.

    Raises:
        BadInput: the masks are for different models.
    """
    both = one.kept_with(other)
    sizes = np.array([np.prod(shape) for shape in one.prunable.shapes.values()], np.int64)
    kinds = [place(name)[1] if is_prunable(name) else name for name in one.prunable.shapes]
    return [
        Bits(
            kind=kind,
            size=int(sizes[chosen].sum()),
            kept=(int(one.kept[chosen].sum()), int(other.kept[chosen].sum())),
            both=int(both[chosen].sum()),
        )
        for kind in dict.fromkeys((*KINDS, *kinds, "all"))
        if (chosen := np.array([kind in (each, "all") for each in kinds])).any()
    ]


def _part(mask: PackedMask, names: Sequence[str]) -> PackedMask:
    return PackedMask(
        prunable=PrunableSet(shapes={name: mask.prunable.shapes[name] for name in names}),
        bits={name: mask.bits[name] for name in names},
    )


def _pairs(one: Ancestry, other: Ancestry) -> Iterator[Keys]:
    """Pairs of ancestors with the same role in both histories, each once and after its parents."""
    seen: set[Keys] = set()
    waiting = [((one.root, other.root), False)]
    while waiting:
        keys, ready = waiting.pop()
        if ready:
            yield keys
        elif keys not in seen:
            seen.add(keys)
            waiting.append((keys, True))
            waiting += [(parents, False) for parents in reversed(_parents(keys, one, other))]


def _parents(keys: Keys, one: Ancestry, other: Ancestry) -> list[Keys]:
    """The parents of a pair, paired by role; none if the two were made by different rules."""
    first, second = one.ancestors[keys[0]], other.ancestors[keys[1]]
    if keys[0] == keys[1] or _rule(first) != _rule(second):
        return []
    others = dict(second.parents)
    return [(key, others[role]) for role, key in first.parents if role in others]


def _own(one: Ancestor, other: Ancestor) -> Iterator[tuple[str, tuple[str, str]]]:
    """The differences of a pair itself, not of its parents."""
    first, second = one.statement, other.statement
    if first is None or second is None:
        if one.digest != other.digest:
            yield "content", (one.digest, other.digest)
        elif one.statement_digest != other.statement_digest:
            yield "statement", (one.statement_digest or NOTHING, other.statement_digest or NOTHING)
    elif first.rule != second.rule:
        yield "rule", (first.rule, second.rule)
    else:
        yield from _changes("parameter ", first.parameters, second.parameters)
        yield from _changes("input ", *_inputs(one, other))
        yield from _changes("", _surroundings(first), _surroundings(second))
        yield from _changes("code ", first.code, second.code)
        yield from _changes("", _conditions(first), _conditions(second))


def _results(one: Ancestor, other: Ancestor) -> Iterator[tuple[str, tuple[str, str]]]:
    """The differences of a pair whose rules, parameters, code and parents agree.

    Two outputs of one job have the same history, but are different files.
    """
    if one.digest != other.digest:
        alike = ", though made alike" if one.place == other.place else ""
        yield f"content{alike}", (one.digest, other.digest)
    elif one.statement and other.statement:
        yield from _changes("fact ", one.statement.facts, other.statement.facts)


def _surroundings(statement: Statement) -> dict[str, Any]:
    """Commit, pins, and versions in the environment."""
    environment = _flat(statement.environment)
    pins = statement.dependencies.get(PINS)
    return {
        "commit": statement.commit or NOTHING,
        "commit's files unchanged": statement.clean,
        "pins": pins.digest if pins else NOTHING,
        **{name: value for name, value in environment.items() if name not in INCIDENTAL},
    }


def _conditions(statement: Statement) -> dict[str, Any]:
    """The facts that are conditions and are not parameters too."""
    return {
        name: statement.facts[name]
        for name in CONDITIONS
        if name in statement.facts and name not in statement.parameters
    }


def _inputs(one: Ancestor, other: Ancestor) -> tuple[dict[str, str], dict[str, str]]:
    """The roles that only one of the two has, by name; if there are many, their number."""

    def only(own: Ancestor, others: Ancestor) -> dict[str, str]:
        shared = dict(others.parents)
        roles = [role for role, _ in own.parents if role not in shared]
        many = {"files": f"{len(roles):,} that the other has not"}
        return many if len(roles) > SHOWN else dict.fromkeys(roles, "read")

    return only(one, other), only(other, one)


def _changes(
    what: str, one: Mapping[str, Any], other: Mapping[str, Any]
) -> Iterator[tuple[str, tuple[str, str]]]:
    """The names under which two mappings differ, with both values."""
    first, second = _flat(one), _flat(other)
    for name in sorted(first.keys() | second.keys()):
        exact = [canonical_json(each[name]) if name in each else b"" for each in (first, second)]
        if exact[0] != exact[1]:
            before, after = (
                _shown(each[name]) if name in each else NOTHING for each in (first, second)
            )
            if before == after:
                before, after = (text.decode() for text in exact)
            yield f"{what}{name}", (before, after)


def _flat(values: Any) -> dict[str, Any]:
    """The values of a mapping and of the mappings in it, by name."""
    flat: dict[str, Any] = {}
    for name, value in values.items() if isinstance(values, Mapping) else [("all", values)]:
        if isinstance(value, Mapping) and value:
            flat |= {f"{name}.{key}": each for key, each in value.items()}
        else:
            flat[name] = value
    return flat


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else canonical_json(value).decode()


def _rule(ancestor: Ancestor) -> str | None:
    return None if ancestor.statement is None else ancestor.statement.rule
