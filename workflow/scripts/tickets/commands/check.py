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

from tickets.data import sources
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
    _check_hub_model(study)
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


def _check_hub_model(study: config.Study) -> None:
    """Check family and positions of a model on the hub, if the hub or its cache has its
    configuration.
    """
    model = study.model
    if model.pretrain or sources.local_directory(model.path, study.local_copies) is not None:
        return
    revision = sources.check_revision(model.path, model.revision)
    folder = sources.hub_configuration(model.path, revision, fetch=True)
    if folder is None:
        reason = "was not looked at: the hub did not answer"
        print(f"warning: model: {model.path} {reason}", file=sys.stderr)
        return
    for task in study.tasks.values():
        sources.check_length(folder, task.name, task.max_length)
