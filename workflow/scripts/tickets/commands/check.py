"""Check a configuration as the workflow does at its start; YAML errors are given with their lines.

Several files are merged as by Snakemake's --configfile: later files override earlier ones.

Examples:
    tickets check config/paper.yaml
    tickets check config/minilm.yaml local.yaml
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tickets.data.local_checks import unused_classes
from tickets.design import config, strict_yaml

POSITION = 10


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the command's flags."""
    parser.add_argument("config", type=Path, nargs="+", help="a study's configuration (YAML)")


def run(flags: argparse.Namespace) -> int:
    """Print the number of tasks, and warnings.

    Raises:
        BadInput: the configuration is invalid.
    """
    study = config.load(strict_yaml.merged(flags.config))
    for task in study.tasks.values():
        if unused := unused_classes(task, study.local_copies):
            print(
                f"warning: tasks.{task.name}.labels: {task.labels}, but split {task.train_split}"
                f" has no example of class {', '.join(map(str, unused))}; correct `labels` if there"
                " are no more classes",
                file=sys.stderr,
            )
    print(f"{', '.join(map(str, flags.config))}: a study of {len(study.tasks)} tasks")
    return 0
