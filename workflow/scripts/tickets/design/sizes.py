"""The sizes of a study's model and data, before any of it is fetched.

Sizes of files on this machine are read from their headers. For others, sizes.yaml has those of the
known tasks' data sets; a model's is that of its config.json, or else taken to be a BERT-base's.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tickets import architecture
from tickets.architecture import Architecture
from tickets.data import sources
from tickets.data.local_checks import examples_taken, rows_of
from tickets.design.config import Study
from tickets.initial.pretraining import Size
from tickets.prunable import prunable_set
from tickets.tasks import Task

TABLE = Path(__file__).with_name("sizes.yaml")


@dataclass(frozen=True, kw_only=True)
class ModelSize:
    """The numbers of a model's weights and prunable weights, and where these are known from."""

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
    """The size of a whole training on a task, and of its predictions; None: not known.

    examples: counted each time they are read; a window of a long text, or a piece of joined texts,
    is one. tokens: their word pieces, without padding. predicted: examples of the validation split.
    published: the number of examples is the published one. estimated: the mean length is a guess.
    """

    examples: int | None
    tokens: int | None
    predicted: int | None
    published: bool
    estimated: bool


def model_size(study: Study) -> ModelSize:
    """The size of the study's model, from its file's header if it is on this machine."""
    if size := study.new_architecture:
        return _of_its_own(size)
    model = study.model
    directory = sources.local_directory(model.path, study.local_copies)
    if directory is None and model.revision is not None:
        configuration = sources.hub_configuration(model.path, model.revision)
        return BERT_BASE if configuration is None else _of_a_configuration(configuration)
    shapes = shapes_of(directory) if directory else {}
    if not shapes:
        return BERT_BASE
    return ModelSize(
        parameters=sum(map(math.prod, shapes.values())), prunable=prunable_set(shapes).size
    )


def shapes_of(model: Path) -> dict[str, tuple[int, ...]]:
    """The shapes of the tensors in a model directory, by name without the family's prefix; none if
    its weights are not safetensors.
    """
    prefix = architecture.read(model).family + "."
    return {
        name.removeprefix(prefix): shape
        for file in sorted(model.glob("model*.safetensors"))
        for name, shape in shapes_in(file).items()
    }


def task_size(study: Study, task: Task) -> TaskSize:
    """The size of a training on a task, and of its validation split."""
    entry = _table().get(task.dataset.path, {}).get(task.dataset.name or "", {})
    local = {
        split: examples or rows_of(task, split, study.language, study.local_copies)
        for split, examples in examples_taken(task).items()
    }
    rows = {
        split: entry.get("rows", {}).get(split) if n is None else n for split, n in local.items()
    }
    train, validation = rows.values()
    tokens, windows = entry.get("tokens", task.max_length), entry.get("windows", 1)
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
        published=task.steps is None and local[task.train_split] is None,
        estimated=not (task.concatenate or entry.get("measured", False)),
    )


def _of_its_own(size: Size) -> ModelSize:
    """The size of the BERT that a study pre-trains, without norms, biases and word embeddings."""
    prunable = _prunable(size)
    return ModelSize(
        parameters=prunable + size.positions * size.hidden_size,
        prunable=prunable,
        known="from pretraining.architecture, without word embeddings",
    )


def _of_a_configuration(model: Path) -> ModelSize:
    """The size of a model whose config.json alone is known, without norms and biases."""
    size = architecture.read(model)
    prunable = _prunable(size)
    return ModelSize(
        parameters=prunable + (size.positions + size.vocabulary) * size.hidden_size,
        prunable=prunable,
        known="from its config.json, without norms and biases",
    )


def _prunable(size: Size | Architecture) -> int:
    """The number of weights in the matrices of layers and pooler."""
    width = size.hidden_size
    return size.layers * (4 * width + 2 * size.intermediate_size) * width + width * width


@cache
def _table() -> Mapping[str, Mapping[str, Any]]:
    return yaml.safe_load(TABLE.read_text(encoding="utf-8"))


def shapes_in(file: Path) -> dict[str, tuple[int, ...]]:
    """The shapes in a safetensors file, from its header alone."""
    with file.open("rb") as opened:
        header = json.loads(opened.read(int.from_bytes(opened.read(8), "little")))
    return {name: tuple(about["shape"]) for name, about in header.items() if name != "__metadata__"}
