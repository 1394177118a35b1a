"""Check a configuration as the workflow does at its start; YAML errors are given with their lines.

Several files are merged as by Snakemake's --configfile: later files override earlier ones.

Examples:
    tickets check config/paper.yaml
    tickets check config/minilm.yaml local.yaml
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tickets.design import config, strict_yaml

POSITION = 10


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the command's flags."""
    parser.add_argument("config", type=Path, nargs="+", help="a study's configuration (YAML)")


def run(flags: argparse.Namespace) -> int:
    """Print the number of tasks.

    Raises:
        BadInput: the configuration is invalid.
    """
    study = config.load(strict_yaml.merged(flags.config))
    print(f"{', '.join(map(str, flags.config))}: a study of {len(study.tasks)} tasks")
    return 0
