"""Check a configuration as Snakemake's start does, down to the line of a file that is no YAML.

tickets check config/paper.yaml
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from tickets.design import config, written


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the command's flags."""
    parser.add_argument(
        "files", type=Path, nargs="+", help="as after --configfile: later ones change earlier ones"
    )


def run(flags: argparse.Namespace) -> int:
    """Say that it is a study, and which."""
    from snakemake.utils import update_config  # half a second, which no other command needs

    merged: dict[str, Any] = {}
    for file in flags.files:
        update_config(merged, written.read(file))
    study = config.load(merged)
    print(f"{', '.join(map(str, flags.files))}: a study of {len(study.tasks)} tasks")
    return 0
