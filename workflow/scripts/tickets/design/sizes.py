"""How large a study's model and data are, before any of it is fetched: read, or assumed and said.

What is on this machine is looked at, without reading it whole. Of the rest, sizes.yaml knows the
data sets of the known tasks, and a model is taken for a BERT-base.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import yaml

from tickets import architecture
from tickets.data import sources
from tickets.design.config import Study
from tickets.initial.pretraining import Size
from tickets.prunable import prunable_set
from tickets.tasks import LANGUAGE, Task

_TABLE = Path(__file__).with_name("sizes.yaml")


@dataclass(frozen=True, kw_only=True)
class ModelSize:
    """A model's weights, heads and all, those that may be pruned, and whence this is known."""

    parameters: int
    prunable: int
    known: str = "as its file says"


BERT_BASE = ModelSize(
    parameters=109_482_240,
    prunable=85_524_480,
    known="a BERT-base's, as the model's file is not on this machine",
)


@dataclass(frozen=True, kw_only=True)
class TaskSize:
    """What a whole training on a task reads, and how many examples it predicts; None: not known.

    examples: counted as often as they are read; a window of a long text, or a piece of joined
    ones, is one. tokens: their word pieces, without padding. published: not looked at, but known
    from where the data is published. estimated: the mean length was never counted.
    """

    examples: int | None
    tokens: int | None
    predicted: int | None
    published: bool
    estimated: bool


def model_size(study: Study) -> ModelSize:
    """The size of the study's model: from its file's header where it is on this machine."""
    if study.model.pretrain:
        return _of_its_own(study.pretraining.architecture)
    directory = sources.local_directory(study.model.path, study.local_copies)
    shapes = shapes_of(directory) if directory else {}
    if not shapes:
        return BERT_BASE
    return ModelSize(
        parameters=sum(map(math.prod, shapes.values())), prunable=prunable_set(shapes).size
    )


def shapes_of(model: Path) -> dict[str, tuple[int, ...]]:
    """The tensors in the files of a model directory, by their names without the family's prefix;
    none where its weights are not safetensors.
    """
    prefix = architecture.read(model).family + "."
    return {
        name.removeprefix(prefix): shape
        for file in sorted(model.glob("model*.safetensors"))
        for name, shape in shapes_in(file).items()
    }


def task_size(study: Study, task: Task) -> TaskSize:
    """The size of a training on a task, and of its validation split."""
    known = _table().get(task.dataset.path, {}).get(task.dataset.name or "", {})
    seen = {
        task.train_split: task.train_examples or _rows(study, task, task.train_split),
        task.validation_split: task.validation_examples
        or _rows(study, task, task.validation_split),
    }
    rows = {
        split: known.get("rows", {}).get(split) if n is None else n for split, n in seen.items()
    }
    train, validation = rows.values()
    tokens, windows = known.get("tokens", task.max_length), known.get("windows", 1)
    if task.concatenate:
        tokens, windows = task.max_length, tokens / task.max_length
    if task.steps is not None:
        examples = task.steps * task.batch_size
    elif task.epochs is not None and train is not None:
        examples = round(task.epochs * train * windows)
    else:
        examples = None
    if validation is not None and task.head == "mlm":
        validation = round(validation * windows)
    return TaskSize(
        examples=examples,
        tokens=None if examples is None else round(examples * min(tokens, task.max_length)),
        predicted=validation,
        published=task.steps is None and seen[task.train_split] is None,
        estimated=not (task.concatenate or known.get("measured", False)),
    )


def _of_its_own(size: Size) -> ModelSize:
    """Of the BERT that a study pre-trains itself, but norms, biases and some hundred words."""
    width = size.hidden_size
    prunable = size.layers * (4 * width + 2 * size.intermediate_size) * width + width * width
    return ModelSize(
        parameters=prunable + size.positions * width,
        prunable=prunable,
        known="as pretraining.architecture has it, without its words",
    )


@cache
def _table() -> Mapping[str, Mapping[str, Any]]:
    return yaml.safe_load(_TABLE.read_text(encoding="utf-8"))


def _rows(study: Study, task: Task, split: str) -> int | None:
    """The examples of a split that is on this machine, or will be made here."""
    data = task.dataset
    if data.path == LANGUAGE and LANGUAGE not in study.local_copies:
        language = study.language
        return language.train_examples if split == "train" else language.validation_examples
    if sources.local_directory(data.path, study.local_copies) is None:
        return None
    located = sources.locate(data.path, data.name, data.revision, study.local_copies, [split])
    return sum(pq.read_metadata(file).num_rows for file in located.splits[split])


def shapes_in(file: Path) -> dict[str, tuple[int, ...]]:
    """The shapes in a safetensors file, from its header alone."""
    with file.open("rb") as opened:
        header = json.loads(opened.read(int.from_bytes(opened.read(8), "little")))
    return {name: tuple(about["shape"]) for name, about in header.items() if name != "__metadata__"}
