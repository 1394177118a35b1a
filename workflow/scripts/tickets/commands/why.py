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

PARAMETERS = {
    "prune": ("finder", "task", "seed", "rewind", "round", "sparsity"),
    "train": ("task", "seed"),
    "encode": ("task", "split"),
    "data": ("dataset", "name", "revision", "split", "examples"),
}
OTHER_PARAMETERS = (
    *("model", "revision", "finder", "task", "seed", "rewind", "how", "sparsity"),
    *("criterion", "part", "steps"),
)
"""The parameters that identify a file, by the rule that made it; and for all other rules."""

ROUNDS = ("masks", "trained", "movement")
"""The folders of the files that each round of pruning makes."""


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the command's flags."""
    parser.add_argument("file", type=Path, help="a mask, or any other file with a statement")
    parser.add_argument("--all", action="store_true", help="show all files of large groups")
    parser.add_argument(
        "--dot", action="store_true", help="print a graph for graphviz's `dot` instead"
    )
    parser.add_argument(
        "--picture",
        type=Path,
        metavar="SVG",
        help="also draw that graph, into this file (needs graphviz)",
    )


def run(flags: argparse.Namespace) -> int:
    """Print the tree or the graph; return the number of ancestors that differ or are missing."""
    whole = ancestry.find(flags.file)
    history = whole if flags.all else ancestry.summarise(whole)
    if flags.picture:
        write_bytes(flags.picture, dot.svg(dot.graph(history)))
    print(dot.graph(history) if flags.dot else "\n".join([*tree(history), "", count_states(whole)]))
    return len(whole.faults)


def tree(history: Ancestry) -> list[str]:
    """One line per ancestor, where it is nearest to the file; elsewhere its number refers to it."""
    homes, again = _homes(history)
    branches = list(_branches(history, homes))
    numbers = {key: n for n, key in enumerate((b.key for b in branches if b.key in again), 1)}
    width = max(len(branch.first + branch.role) for branch in branches)
    lines: list[str] = []
    for branch in branches:
        ancestor = history.ancestors[branch.key]
        left = f"{branch.first}{branch.role}".ljust(width)
        lines.append(f"{left}  {_describe(ancestor, numbers.get(branch.key))}")
        own, others = _split(branch.key, ancestor, homes)
        if others:
            names = [
                f"{_role(role, history.ancestors[key])} [{numbers[key]}]" for role, key in others
            ]
            lines.append(f"{branch.rest}{'├─' if own else '└─'} {', '.join(names)}")
    return [printable(line).rstrip() for line in lines]


def count_states(whole: Ancestry) -> str:
    """The number of files in each state."""
    states = [each.state for each in whole.ancestors.values()]
    counts = [f"{n:,} {state}" for state in get_args(State) if (n := states.count(state))]
    return f"{len(states):,} files: {', '.join(counts)}"


def identify(statement: Statement) -> str:
    """A file's rule and identifying parameters."""
    names = PARAMETERS.get(statement.rule, OTHER_PARAMETERS)
    values = [(name, statement.parameters.get(name)) for name in names]
    text = ", ".join(f"{name} {short(str(value))}" for name, value in values if value is not None)
    return f"{statement.rule}: {text}" if text else statement.rule


@dataclass(frozen=True, kw_only=True)
class _Branch:
    """An ancestor's line: the prefix of its role, and that of the lines below it."""

    first: str
    rest: str
    role: str
    key: str


def _homes(history: Ancestry) -> tuple[Mapping[str, tuple[str, str]], set[str]]:
    """The child below which each ancestor is shown, with its role; and those shown elsewhere too.

    Files of earlier rounds come last: so the tree is as deep as there are rounds, and theta_0 and
    the data are shown below the file nearest to the root.
    """
    homes: dict[str, tuple[str, str]] = {}
    again: set[str] = set()
    later = [(0, "", "", history.root)]
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
            for role, parent in history.ancestors[key].parents:
                link = (depth + 1, key, role, parent)
                if parent in homes:
                    again.add(parent)
                elif history.ancestors[parent].kind in ROUNDS:
                    later.append(link)
                else:
                    homes[parent] = (key, role)
                    next_.append(link)
            waiting += reversed(next_)
    return homes, again


def _split(
    key: str, ancestor: Ancestor, homes: Mapping[str, tuple[str, str]]
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """An ancestor's parents: those shown below it, and those shown elsewhere."""
    own = [(role, each) for role, each in ancestor.parents if homes[each] == (key, role)]
    return own, [pair for pair in ancestor.parents if pair not in own]


def _branches(history: Ancestry, homes: Mapping[str, tuple[str, str]]) -> Iterator[_Branch]:
    waiting = [_Branch(first="", rest="", role="this file", key=history.root)]
    while waiting:
        branch = waiting.pop()
        yield branch
        own, _ = _split(branch.key, history.ancestors[branch.key], homes)
        below = [
            _Branch(
                first=f"{branch.rest}├─ ",
                rest=f"{branch.rest}│  ",
                role=_role(role, history.ancestors[key]),
                key=key,
            )
            for role, key in own
        ]
        if below:
            last = below.pop()
            below.append(replace(last, first=f"{branch.rest}└─ ", rest=f"{branch.rest}   "))
        waiting += reversed(below)


def _describe(ancestor: Ancestor, number: int | None) -> str:
    """An ancestor's line after its role."""
    statement = ancestor.statement
    commit = "" if statement is None else (statement.commit or "no commit")[:DIGITS]
    changed = "+" if statement is not None and statement.clean is False else ""
    state = "" if ancestor.state == "here" else f"{ancestor.state}: "
    if ancestor.is_fault:
        state = state.upper()
    parts = [
        f"{ancestor.digest[:DIGITS]:<{DIGITS}}",
        f"{commit}{changed}".ljust(DIGITS + 1),
        f"{'' if number is None else f'[{number}] '}{state}{ancestor.place}",
        "" if statement is None else identify(statement),
        f"({ancestor.problem})" if ancestor.problem else "",
    ]
    return "  ".join(part for part in parts if part)


def _role(role: str, ancestor: Ancestor) -> str:
    """A role in one word: the kind, if the role is the file's path."""
    is_path = ancestor.kind and role.endswith(ancestor.place)
    return ancestor.kind if is_path else role.partition("/")[0]
