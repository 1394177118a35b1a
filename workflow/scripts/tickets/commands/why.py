"""Show what a file was made from: its ancestry as a tree, down to theta_0 and the data.

Examples:
    tickets why results/masks/imp/mlm/rewind-0/seed-1/sparsity-70.safetensors
    tickets why results/masks/oneshot/sparsity-70.safetensors --dot
    tickets why results/tables/transfer.csv --all
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

from tickets.files import write_bytes
from tickets.history import ancestry, dot
from tickets.history.ancestry import DIGITS, Ancestor, Ancestry, State, printable, short
from tickets.statements import Statement

POSITION = 80

ASKED = {
    "prune": ("finder", "task", "seed", "rewind", "round", "sparsity"),
    "train": ("task", "seed"),
    "encode": ("task", "split"),
    "data": ("dataset", "name", "revision", "split", "examples"),
}
ALL_ELSE = (
    *("model", "revision", "finder", "task", "seed", "rewind", "how", "sparsity"),
    *("criterion", "part", "steps"),
)
"""The parameters that say what a file is, by the rule that made it."""

ROUNDS = ("masks", "trained")
"""The folders of what each round of pruning makes."""


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the command's flags."""
    parser.add_argument("file", type=Path, help="a mask, or any other file with a statement")
    parser.add_argument("--all", action="store_true", help="tell all files of large groups apart")
    parser.add_argument(
        "--dot", action="store_true", help="print it as a graph for graphviz's `dot` instead"
    )
    parser.add_argument(
        "--picture",
        type=Path,
        metavar="SVG",
        help="draw that graph too, into this file (needs graphviz)",
    )


def run(flags: argparse.Namespace) -> int:
    """Print the tree, or the graph; return the number of ancestors that differ from their
    statements or are missing.
    """
    whole = ancestry.find(flags.file)
    shown = whole if flags.all else ancestry.summarised(whole)
    if flags.picture:
        write_bytes(flags.picture, dot.svg(dot.graph(shown)))
    print(dot.graph(shown) if flags.dot else "\n".join([*tree(shown), "", counted(whole)]))
    return len(whole.faults)


def tree(shown: Ancestry) -> list[str]:
    """A line an ancestor, where it is nearest to the file; elsewhere its number stands for it."""
    homes, again = _homes(shown)
    branches = list(_branches(shown, homes))
    numbers = {key: n for n, key in enumerate((b.key for b in branches if b.key in again), 1)}
    width = max(len(branch.first + branch.role) for branch in branches)
    lines: list[str] = []
    for branch in branches:
        ancestor = shown.ancestors[branch.key]
        left = f"{branch.first}{branch.role}".ljust(width)
        lines.append(f"{left}  {_said(ancestor, numbers.get(branch.key))}")
        own, others = _split(branch.key, ancestor, homes)
        if others:
            names = [
                f"{_role(role, shown.ancestors[key])} [{numbers[key]}]" for role, key in others
            ]
            lines.append(f"{branch.rest}{'├─' if own else '└─'} {', '.join(names)}")
    return [printable(line).rstrip() for line in lines]


def counted(whole: Ancestry) -> str:
    """How many files the ancestry has in each state."""
    states = [each.state for each in whole.ancestors.values()]
    counts = [f"{n:,} {state}" for state in get_args(State) if (n := states.count(state))]
    return f"{len(states):,} files: {', '.join(counts)}"


def what(statement: Statement) -> str:
    """What a statement says its file is, by rule and parameters."""
    asked = ASKED.get(statement.rule, ALL_ELSE)
    given = [(name, statement.parameters.get(name)) for name in asked]
    said = ", ".join(f"{name} {short(str(value))}" for name, value in given if value is not None)
    return f"{statement.rule}: {said}" if said else statement.rule


@dataclass(frozen=True, kw_only=True)
class _Branch:
    """An ancestor's line: what stands before its role, and before the lines below it."""

    first: str
    rest: str
    role: str
    key: str


def _homes(shown: Ancestry) -> tuple[Mapping[str, tuple[str, str]], set[str]]:
    """Under whom each ancestor stands, and as what; and which ones are spoken of elsewhere too.

    What one round makes comes after all else that it was made from: so a tree is as deep as there
    are rounds, and theta_0 and the data are told at the first of them.
    """
    homes: dict[str, tuple[str, str]] = {}
    again: set[str] = set()
    later = [(0, "", "", shown.root)]
    while later:
        now, later = sorted(later, key=lambda each: each[0]), []
        waiting: list[tuple[int, str, str, str]] = []
        for depth, child, role, key in now:
            if key in homes:
                again.add(key)
            else:
                homes[key] = (child, role)
                waiting.append((depth, child, role, key))
        waiting.reverse()
        while waiting:
            depth, _, _, key = waiting.pop()
            next_: list[tuple[int, str, str, str]] = []
            for role, parent in shown.ancestors[key].parents:
                link = (depth + 1, key, role, parent)
                if parent in homes:
                    again.add(parent)
                elif shown.ancestors[parent].kind in ROUNDS:
                    later.append(link)
                else:
                    homes[parent] = (key, role)
                    next_.append(link)
            waiting += reversed(next_)
    return homes, again


def _split(
    key: str, ancestor: Ancestor, homes: Mapping[str, tuple[str, str]]
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """An ancestor's parents: those that stand under it, and those that stand elsewhere."""
    own = [(role, each) for role, each in ancestor.parents if homes[each] == (key, role)]
    return own, [pair for pair in ancestor.parents if pair not in own]


def _branches(shown: Ancestry, homes: Mapping[str, tuple[str, str]]) -> Iterator[_Branch]:
    waiting = [_Branch(first="", rest="", role="this file", key=shown.root)]
    while waiting:
        branch = waiting.pop()
        yield branch
        own, _ = _split(branch.key, shown.ancestors[branch.key], homes)
        below = [
            _Branch(
                first=f"{branch.rest}├─ ",
                rest=f"{branch.rest}│  ",
                role=_role(role, shown.ancestors[key]),
                key=key,
            )
            for role, key in own
        ]
        if below:
            last = below.pop()
            below.append(replace(last, first=f"{branch.rest}└─ ", rest=f"{branch.rest}   "))
        waiting += reversed(below)


def _said(ancestor: Ancestor, number: int | None) -> str:
    """What a line says of an ancestor after its role."""
    stated = ancestor.statement
    commit = "" if stated is None else (stated.commit or "no commit")[:DIGITS]
    changed = "+" if stated is not None and stated.clean is False else ""
    state = "" if ancestor.state == "here" else f"{ancestor.state}: "
    if ancestor.is_fault:
        state = state.upper()
    parts = [
        f"{ancestor.digest[:DIGITS]:<{DIGITS}}",
        f"{commit}{changed}".ljust(DIGITS + 1),
        f"{'' if number is None else f'[{number}] '}{state}{ancestor.place}",
        "" if stated is None else what(stated),
        f"({ancestor.problem})" if ancestor.problem else "",
    ]
    return "  ".join(part for part in parts if part)


def _role(role: str, ancestor: Ancestor) -> str:
    """A role in one word: many files of one kind are named by their paths."""
    of_path = ancestor.kind and role.endswith(ancestor.place)
    return ancestor.kind if of_path else role.partition("/")[0]
