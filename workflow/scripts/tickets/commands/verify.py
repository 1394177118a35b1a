"""Compare files with their statements.

Examples:
    tickets verify results
    tickets verify results/masks/oneshot/sparsity-70.safetensors ticket
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from tickets import provenance
from tickets.errors import Tampered
from tickets.exchange.files_with_statements import list_files_with_statements

POSITION = 60


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the command's flags."""
    parser.add_argument("paths", type=Path, nargs="+", help="files, or folders to search")


def run(flags: argparse.Namespace) -> int:
    """Print a line for each file that differs, then the counts; return the number of findings."""
    checked = findings = 0
    for path in _files(flags.paths):
        try:
            provenance.read(path)
        except Tampered as error:
            print(f"error: {error}", file=sys.stderr)
            findings += 1
        checked += 1
    print(f"{checked} files, {findings} findings")
    return findings + (checked == 0)


def _files(paths: list[Path]) -> Iterator[Path]:
    """The files among `paths`, and in folders those with a statement."""
    for path in paths:
        if path.is_dir():
            yield from list_files_with_statements(path)
        else:
            yield path
