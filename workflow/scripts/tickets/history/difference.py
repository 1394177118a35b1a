"""What differs between two files: in their histories, and between the bits of two masks.

Both histories are walked together, role by role, from their roots on. A difference is told where
it first arises: what follows from it, as the other content of all that was made from it, is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from tickets.files import canonical_json
from tickets.history.ancestry import PINS, SHOWN, Ancestor, Ancestry
from tickets.masks import PackedMask
from tickets.prunable import KINDS, place
from tickets.statements import Statement

CONDITIONS = ("device", "threads", "products", "deterministic", "from")
"""The facts that say under what conditions a file was made; others are what came of it."""

INCIDENTAL = ("slurmJobId",)
"""Of the environment, what differs whenever something is made again, as times do."""

NOTHING = "none"

Keys = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One thing that differs: where it first arises, in the one's and the other's history.

    more: how many pairs of later files differ in the very same.
    """

    places: tuple[str, str]
    what: str
    values: tuple[str, str]
    more: int = 0


@dataclass(frozen=True, kw_only=True)
class Bits:
    """How much of two masks' matrices of one kind, or of all, is the same; counts of weights."""

    kind: str
    size: int
    kept: tuple[int, int]
    both: int

    @property
    def differing(self) -> Fraction:
        """The share of the weights that one mask keeps and the other prunes."""
        return Fraction(sum(self.kept) - 2 * self.both, self.size)

    @property
    def jaccard(self) -> Fraction:
        """Of the weights that either mask keeps, the share that both keep; 1 if there are none."""
        either = sum(self.kept) - self.both
        return Fraction(self.both, either) if either else Fraction(1)


def compare(one: Ancestry, other: Ancestry) -> list[Difference]:
    """What differs between two histories, the oldest first; times do not count."""
    told: dict[tuple[str, tuple[str, str]], Difference] = {}
    differs: dict[Keys, bool] = {}
    for keys in _pairs(one, other):
        pair = one.ancestors[keys[0]], other.ancestors[keys[1]]
        found = [] if keys[0] == keys[1] else list(_own(*pair))
        inherited = any(differs[parents] for parents in _parents(keys, one, other))
        if keys[0] != keys[1] and not found and not inherited:
            found = list(_results(*pair))
        differs[keys] = bool(found) or inherited
        places = pair[0].place, pair[1].place
        for what, values in found:
            known = told.get((what, values))
            new = Difference(places=places, what=what, values=values)
            told[what, values] = replace(known, more=known.more + 1) if known else new
    return list(told.values())


def compare_bits(one: PackedMask, other: PackedMask) -> list[Bits]:
    """The masks' matrices kind by kind, and in the end all together.

    Raises:
        BadInput: the masks are for different models.
    """
    both = one.kept_with(other)
    sizes = np.array([np.prod(shape) for shape in one.prunable.shapes.values()], np.int64)
    kinds = [place(name)[1] for name in one.prunable.shapes]
    return [
        Bits(
            kind=kind,
            size=int(sizes[chosen].sum()),
            kept=(int(one.kept[chosen].sum()), int(other.kept[chosen].sum())),
            both=int(both[chosen].sum()),
        )
        for kind in (*KINDS, "all")
        if (chosen := np.array([kind in (each, "all") for each in kinds])).any()
    ]


def _pairs(one: Ancestry, other: Ancestry) -> Iterator[Keys]:
    """Ancestors with the same role in both histories, each pair once and after its parents."""
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
    """The pairs that a pair was made from; those of different rules have nothing in common."""
    first, second = one.ancestors[keys[0]], other.ancestors[keys[1]]
    if keys[0] == keys[1] or _rule(first) != _rule(second):
        return []
    others = dict(second.parents)
    return [(key, others[role]) for role, key in first.parents if role in others]


def _own(one: Ancestor, other: Ancestor) -> Iterator[tuple[str, tuple[str, str]]]:
    """In what a pair differs by itself, whatever its parents are."""
    first, second = one.statement, other.statement
    if first is None or second is None:
        if one.digest != other.digest:
            yield "content", (one.digest, other.digest)
        elif one.stated != other.stated:
            yield "statement", (one.stated or NOTHING, other.stated or NOTHING)
    elif first.rule != second.rule:
        yield "rule", (first.rule, second.rule)
    else:
        yield from _changes("parameter ", first.parameters, second.parameters)
        yield from _changes("input ", *_inputs(one, other))
        yield from _changes("", _surroundings(first), _surroundings(second))
        yield from _changes("code ", first.code, second.code)
        yield from _changes("", _conditions(first), _conditions(second))


def _results(one: Ancestor, other: Ancestor) -> Iterator[tuple[str, tuple[str, str]]]:
    """What differs though both were made in the same way from the same.

    A job may have several outputs: those have the same statement, and are not the same.
    """
    if one.digest != other.digest:
        alike = ", though made alike" if one.place == other.place else ""
        yield f"content{alike}", (one.digest, other.digest)
    elif one.statement and other.statement:
        yield from _changes("fact ", one.statement.facts, other.statement.facts)


def _surroundings(statement: Statement) -> dict[str, Any]:
    """Commit, pins, and versions of all that the code ran on."""
    environment = _flat(statement.environment)
    pins = statement.dependencies.get(PINS)
    return {
        "commit": statement.commit or NOTHING,
        "commit's files unchanged": statement.clean,
        "pins": pins.digest if pins else NOTHING,
        **{name: value for name, value in environment.items() if name not in INCIDENTAL},
    }


def _conditions(statement: Statement) -> dict[str, Any]:
    """The facts that are conditions, but for those that a parameter says already."""
    return {
        name: statement.facts[name]
        for name in CONDITIONS
        if name in statement.facts and name not in statement.parameters
    }


def _inputs(one: Ancestor, other: Ancestor) -> tuple[dict[str, str], dict[str, str]]:
    """The roles that one of the two has and the other has not: by name, or how many."""
    found: list[dict[str, str]] = []
    for own, others in ((one, other), (other, one)):
        known = dict(others.parents)
        alone = [role for role, _ in own.parents if role not in known]
        many = {"files": f"{len(alone):,} that the other has not"}
        found.append(many if len(alone) > SHOWN else dict.fromkeys(alone, "read"))
    return found[0], found[1]


def _changes(
    what: str, one: Mapping[str, Any], other: Mapping[str, Any]
) -> Iterator[tuple[str, tuple[str, str]]]:
    """The names under which two mappings differ, and what each has there."""
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
    """What is in a mapping, and in the mappings in it, by name."""
    found: dict[str, Any] = {}
    for name, value in values.items() if isinstance(values, Mapping) else [("all", values)]:
        if isinstance(value, Mapping) and value:
            found |= {f"{name}.{key}": each for key, each in value.items()}
        else:
            found[name] = value
    return found


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else canonical_json(value).decode()


def _rule(ancestor: Ancestor) -> str | None:
    return None if ancestor.statement is None else ancestor.statement.rule
