"""List the running trainings and their progress.

Examples:
    tickets progress results
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tickets.monitoring.running import finished, running

POSITION = 40


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the command's flags."""
    parser.add_argument("results", type=Path, help="a study's results folder")


def run(flags: argparse.Namespace) -> int:
    """Print the counts, then two lines per running training."""
    unfinished = running(flags.results)
    print(f"{finished(flags.results):,} trainings finished, {len(unfinished):,} begun")
    for each in unfinished:
        print(f"{each.name}\n    {each.report}  ({each.age} ago)")
    return 0
