"""The command `tickets`: what a user asks of files, outside the workflow."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from tickets import masks, provenance, weights
from tickets.errors import Tampered, TicketsError


def main() -> None:
    """Run one command. Exit status: 0 all is well, 1 a finding, 2 wrong use."""
    parser = argparse.ArgumentParser(prog="tickets", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    verify = commands.add_parser("verify", help="compare files with their statements")
    verify.add_argument("paths", type=Path, nargs="+", help="files, or folders to look through")
    prunable = commands.add_parser("prunable", help="print a model's prunable set")
    prunable.add_argument("weights", type=Path, help="results/weights/theta_0.safetensors")
    show = commands.add_parser("show", help="say what a mask is")
    show.add_argument("mask", type=Path, help="a file under results/masks")
    flags = parser.parse_args()
    try:
        findings = {"verify": _verify, "prunable": _prunable, "show": _show}[flags.command](flags)
    except TicketsError as error:
        print(f"error: {error}", file=sys.stderr)
        findings = 1
    raise SystemExit(min(findings, 1))


def _verify(flags: argparse.Namespace) -> int:
    checked = findings = 0
    for path in _stated(flags.paths):
        try:
            provenance.read(path)
        except Tampered as error:
            print(f"error: {error}", file=sys.stderr)
            findings += 1
        checked += 1
    print(f"{checked} files, {findings} findings")
    return findings + (checked == 0)


def _prunable(flags: argparse.Namespace) -> int:
    print(weights.prunable_of(weights.read(flags.weights)))
    return 0


def _show(flags: argparse.Namespace) -> int:
    mask = masks.read(flags.mask)
    definition = provenance.statement(flags.mask)["predicate"]["buildDefinition"]
    for name, value in definition["externalParameters"].items():
        print(f"{name}: {value}")
    print(f"digest: {mask.digest}")
    print(f"pruned: {mask.pruned:,} of {mask.prunable.size:,} ({float(mask.sparsity):.4%})")
    for name in mask.kept:
        print(f"  {float(mask.sparsity_of(name)):8.2%}  {name}")
    return 0


def _stated(paths: list[Path]) -> Iterator[Path]:
    """Every file of `paths` that should have a statement: in folders, those that do."""
    for path in paths:
        if path.is_dir():
            for statement in sorted(path.rglob("*.prov.json")):
                yield statement.with_name(statement.name.removesuffix(".prov.json"))
        else:
            yield path
