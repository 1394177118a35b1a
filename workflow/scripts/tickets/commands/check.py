"""Check a configuration as Snakemake's start does, down to the line of a file that is no YAML.

Several files are merged as after Snakemake's --configfile: a key of a later one goes before that of
an earlier one.

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
    """Say that it is a study, and which.

    Raises:
        BadInput: a file is no configuration, or the study is none.
    """
    study = config.load(strict_yaml.merged(flags.config))
    print(f"{', '.join(map(str, flags.config))}: a study of {len(study.tasks)} tasks")
    return 0
