"""Check a configuration as the workflow does at its start; YAML errors are given with their lines.

Several files are merged as by Snakemake's --configfile: later files override earlier ones.

Examples:
    tickets check config/paper.yaml
    tickets check config/minilm.yaml local.yaml
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tickets import architecture
from tickets.units import check_heads

POSITION = 10

if TYPE_CHECKING:
    from tickets.design.config import Study
    from tickets.tasks import Task


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the command's flags."""
    parser.add_argument("config", type=Path, nargs="+", help="a study's configuration (YAML)")


def run(flags: argparse.Namespace) -> int:
    """Print the number of tasks, and warnings.

    Raises:
        BadInput: the configuration is invalid.
    """
    from tickets.design import config, strict_yaml

    study = config.load(strict_yaml.merged(flags.config))
    _check_hub_model(study)
    tasks = study.design.tasks  # without their parts
    for name in tasks:
        for warning in _warnings(study.tasks[name], study.local_copies):
            print(f"warning: tasks.{name}{warning}", file=sys.stderr)
    print(f"{', '.join(map(str, flags.config))}: a study of {len(tasks)} tasks")
    return 0


def _warnings(task: Task, local_copies: Mapping[str, str]) -> Iterator[str]:
    """What is possible but seldom meant: a key or a split, and what to do."""
    from tickets.data.local_checks import empty_texts, unused_classes

    if unused := unused_classes(task, local_copies):
        yield (
            f".labels: {task.labels}, but split {task.train_split} has no example of class"
            f" {', '.join(map(str, unused))}; correct `labels` if there are no more classes"
        )
    for column, count in empty_texts(task, local_copies).items():
        rows = f"{count:,} row{'s' if count > 1 else ''}"
        yield f", split {task.train_split}: column {column!r} is empty in {rows}; leave them out"


def _check_hub_model(study: Study) -> None:
    """Check family, positions and heads of a model on the hub, if the hub or its cache has its
    configuration.
    """
    from tickets.data import sources
    from tickets.design import pretraining

    model = study.model
    if study.new_architecture or sources.local_directory(model.path, study.local_copies):
        return
    revision = sources.check_revision(model.path, model.revision)
    folder = sources.hub_configuration(model.path, revision, fetch=True)
    if folder is None:
        reason = "was not looked at: the hub did not answer"
        print(f"warning: model: {model.path} {reason}", file=sys.stderr)
        return
    with pretraining.under_own_keys():
        for task in study.data.values():
            sources.check_length(folder, task.name, task.max_length)
    check_heads(study.imp.scope, architecture.read(folder))
