"""The flags of the entry points: a job's command shows all of a study that it depends on."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from tickets.config import Study
from tickets.tasks import Task


def flags(values: Mapping[str, Any]) -> str:
    """`--name value` for every value, quoted for the shell; none for None and False."""
    words: list[str] = []
    for name, value in values.items():
        if value is None or value is False:
            continue
        words.append("--" + name.replace("_", "-"))
        if isinstance(value, (tuple, list)):
            words += map(str, value)
        elif value is not True:
            words.append(str(value))
    return shlex.join(words)


def theta_0(study: Study, pretrained: str) -> str:
    """The flags of theta_0.py that say which model; `pretrained` is what the DAG itself makes."""
    if study.model.pretrain:
        return flags({"model": pretrained})
    copy = study.local_copies.get(study.model.path)
    return flags({"model": study.model.path, "revision": study.model.revision, "local_copy": copy})


def data(task: Task, local_copies: Mapping[str, str]) -> str:
    """The flags of data.py: all of a task that its canonical data depends on, and no more."""
    source = task.dataset
    return flags(
        {
            "task": task.name,
            "head": task.head,
            "dataset": source.path,
            "name": source.name,
            "revision": source.revision,
            "local_copy": local_copies.get(source.path),
            "train_split": task.train_split,
            "validation_split": task.validation_split,
            "text": task.text,
            "label": task.label,
            "labels": task.labels,
            "train_examples": task.train_examples,
            "validation_examples": task.validation_examples,
        }
    )


def encoding(task: Task) -> str:
    """The flags of encode.py: all of a task that its encoded data depends on, and no more."""
    names = ("head", "max_length", "stride", "concatenate")
    return flags({"task": task.name} | {name: getattr(task, name) for name in names})


def recipe(study: Study, task: Task) -> str:
    """The flags of train.py that say how a task is trained."""
    names = ("head", "labels", "epochs", "steps", "batch_size", "learning_rate")
    return flags(
        {"task": task.name}
        | {name: getattr(task, name) for name in names}
        | asdict(study.training)
        | {"threads": study.threads}
    )


def pretraining_text(study: Study) -> str:
    """The flags of language.py that make it write the text of pre-training."""
    return flags(asdict(study.language) | {"pretraining_pairs": study.pretraining_pairs})


def pretraining(study: Study) -> str:
    """The flags of pretrain.py that say how theta_0 is pre-trained."""
    values = asdict(study.pretraining)
    del values["architecture"]
    return flags(values | {"threads": study.threads})


def metrics(study: Study) -> str:
    """The flags of metrics.py: the design of the study, and what each task is scored by."""
    design = study.design
    return flags(
        {
            "results": study.results,
            "metrics": [f"{task.name}={','.join(task.metrics)}" for task in study.tasks.values()],
            "seeds": design.seeds,
            "sparsities": design.sparsities,
            "rewind": design.rewind,
        }
    )


def table(study: Study) -> str:
    """The flags of transfer.py and baselines.py: which cells, in which order."""
    target = float(study.sparsities[-1])
    return flags({"tasks": study.design.tasks, "sparsity": target, "rewind": study.design.rewind})
