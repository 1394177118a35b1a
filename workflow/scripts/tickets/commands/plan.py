"""Print what a study takes before anything runs: trainings, hours and disk.

It is what the workflow's target `plan` prints. Several configuration files are read as Snakemake
reads them: a key of a later one goes before that of an earlier one.

Examples:
    tickets plan config/paper.yaml
    tickets plan config/minilm.yaml local.yaml --at-once 8
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tickets.errors import BadInput

POSITION = 20


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the command's flags."""
    parser.add_argument("config", type=Path, nargs="+", help="a study's configuration (YAML)")
    parser.add_argument(
        "--at-once",
        type=int,
        metavar="N",
        help="trainings at a time (default: as many as this machine has cores for)",
    )


def run(flags: argparse.Namespace) -> int:
    """Print it.

    Raises:
        BadInput: a file is no configuration, or the study is none.
    """
    if flags.at_once is not None and flags.at_once < 1:
        raise BadInput(f"--at-once: {flags.at_once} trainings at a time; write at least 1")
    # They take half a second to import, which no other command should wait for.
    from snakemake.utils import available_cpu_count

    from tickets.design import config, plan, strict_yaml

    study = config.load(strict_yaml.merged(flags.config))
    print(plan.text(study, flags.at_once or max(1, available_cpu_count() // study.threads)))
    return 0
