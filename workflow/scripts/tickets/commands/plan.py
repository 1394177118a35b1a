"""Print what a study will take, before anything runs: trainings, hours and disk space.

The workflow's target `plan` prints the same. Several configuration files are merged as by
Snakemake's --configfile: later files override earlier ones.

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
        help="trainings at a time (default: as many as this machine's cores allow)",
    )


def run(flags: argparse.Namespace) -> int:
    """Print the plan.

    Raises:
        BadInput: the configuration is invalid, or --at-once is below 1.
    """
    if flags.at_once is not None and flags.at_once < 1:
        raise BadInput(f"--at-once: {flags.at_once} trainings at a time; write at least 1")
    # These take half a second to import, which other commands should not wait for.
    from snakemake.utils import available_cpu_count

    from tickets.design import config, plan, strict_yaml

    study = config.load(strict_yaml.merged(flags.config))
    print(plan.text(study, flags.at_once or max(1, available_cpu_count() // study.threads)))
    return 0
