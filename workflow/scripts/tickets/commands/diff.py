r"""Compare the histories of two files and, if both are masks, their bits.

Examples:
    tickets diff results/masks/imp/mlm/rewind-0/seed-1/sparsity-70.safetensors \
        results/masks/imp/mlm/rewind-0/seed-2/sparsity-70.safetensors
"""

from __future__ import annotations

import argparse
from itertools import groupby
from pathlib import Path

from tickets import masks
from tickets.errors import TicketsError
from tickets.history import ancestry
from tickets.history.ancestry import Ancestry, printable, short
from tickets.history.difference import Bits, Difference, compare, compare_bits, shared

POSITION = 90


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the command's flags."""
    parser.add_argument("one", type=Path, help="a mask, or any other file with a statement")
    parser.add_argument("other", type=Path, help="file to compare it with")


def run(flags: argparse.Namespace) -> int:
    """Print the differences; return their number plus that of both histories' faulty files."""
    paths: tuple[Path, Path] = flags.one, flags.other
    one, other = map(ancestry.find, paths)
    differences = compare(one, other)
    lines = [f"- {paths[0]}", f"+ {paths[1]}"]
    lines += [*_faults(paths[0], one), *_faults(paths[1], other)]
    lines += [*_descent(paths[0], one, other), *_descent(paths[1], other, one)]
    lines += format_differences(differences) or ["", "their histories do not differ"]
    if _is_mask(one) and _is_mask(other):
        lines += ["", *_bits(*paths)]
    print("\n".join(map(printable, lines)))
    return len(differences) + len(one.faults) + len(other.faults)


def format_differences(differences: list[Difference]) -> list[str]:
    """The differences, each below the two files where it first arises."""
    lines: list[str] = []
    for places, group in groupby(differences, key=lambda each: each.places):
        lines += ["", *dict.fromkeys(places)]
        for each in group:
            values = [short(value) for value in each.values]
            if values[0] == values[1]:
                values = list(each.values)
            again = f"  (and in {each.more:,} more)" if each.more else ""
            lines.append(f"  {each.what}: {values[0]} -> {values[1]}{again}")
    return lines


def format_bits(bits: list[Bits]) -> list[str]:
    """The differences between two masks' bits, one line per kind of matrix."""
    width = max(len(each.kind) for each in bits)
    rows = [
        f"{each.kind:<{width}}  {float(each.differing):>9.4%}  {float(each.jaccard):>9.4f}"
        for each in bits
    ]
    return [f"{'bits':<{width}}  {'differing':>9}  {'Jaccard':>9}", *rows]


def _bits(*paths: Path) -> list[str]:
    try:
        first, second = map(masks.read_packed, paths)
        parts = shared(first, second)
        lines = format_bits(compare_bits(*parts))
    except TicketsError as error:
        return [f"bits: not compared, {error}"]
    for path, whole, part in zip(paths, (first, second), parts, strict=True):
        if alone := [name for name in whole.bits if name not in part.bits]:
            lines.append(f"not compared, only in {path}: {len(alone)} matrices, such as {alone[0]}")
    return lines


def _faults(path: Path, history: Ancestry) -> list[str]:
    number = len(history.faults)
    return [f"  not as stated: {number:,} files (tickets why {path})"] if number else []


def _descent(path: Path, one: Ancestry, other: Ancestry) -> list[str]:
    is_ancestor = one.root != other.root and one.root in other.ancestors
    return [f"  {path} is an ancestor of the other"] if is_ancestor else []


def _is_mask(history: Ancestry) -> bool:
    statement = history.ancestors[history.root].statement
    return statement is not None and "sparsity_by_matrix" in statement.facts
