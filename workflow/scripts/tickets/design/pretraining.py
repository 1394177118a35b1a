"""How theta_0 is pre-trained, if it is: from random weights, or on from the study's model."""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Any

from tickets.adapted import TEXT
from tickets.errors import BadInput
from tickets.initial.pretraining import Size
from tickets.tasks import METRICS, Task, task

OWN_KEYS = {
    "random": ("architecture", "next_sentence", "mlm_share"),
    "model": ("text", "max_length"),
}
"""The keys that only one way of pre-training has, by what it starts from."""

_OF_THE_TASK = ("steps", "batch_size", "max_length", "learning_rate")
_MISPLACED = re.compile(rf"tasks\.{TEXT}\b(?P<key>\.({'|'.join(_OF_THE_TASK)})\b)?")


@dataclass(frozen=True, kw_only=True)
class Pretraining:
    """How theta_0 is pre-trained on the generated language."""

    architecture: Size
    seed: int
    steps: int
    batch_size: int
    learning_rate: float
    warmup_steps: int
    mlm_probability: float
    next_sentence: float
    mlm_share: float
    dropout: float
    weight_decay: float


@dataclass(frozen=True, kw_only=True)
class Adaptation:
    """How the pre-training of the study's model goes on, by masked language modelling alone.

    text: its data, as an MLM task; this task's steps, batch size, learning rate and length are
    those of the pre-training.
    """

    text: Task
    seed: int
    warmup_steps: int
    mlm_probability: float
    dropout: float
    weight_decay: float


def check_keys(written: Mapping[str, Any], *, pretrain: bool) -> None:
    """Check that the keys that a study writes under `pretraining` belong together.

    `pretrain`: whether `model.pretrain` asks for a pre-training.

    Raises:
        BadInput: a key of the other way of pre-training, or one that this way needs is missing.
    """
    given = {key for key, value in written.items() if value is not None}
    start = written.get("from", "random")
    if start == "model" and not pretrain:
        raise BadInput("pretraining.from: model, but model.pretrain is false; write true there")
    for other, keys in OWN_KEYS.items():
        for key in keys:
            if other != start and key in given:
                raise BadInput(
                    f"pretraining.{key}: is for from: {other}, but this pre-training starts from:"
                    f" {start}; leave it out, or write from: {other}"
                )
    missing = [key for key in ("text", *_OF_THE_TASK) if key not in given]
    if start == "model" and missing:
        raise BadInput(f"pretraining: from: model needs {', '.join(missing)}; add them")


def pretraining(values: Mapping[str, Any]) -> Pretraining:
    """What a study's complete `pretraining` says of one from random weights."""
    own = {f.name: values[f.name] for f in fields(Pretraining) if f.name != "architecture"}
    return Pretraining(architecture=Size(**values["architecture"]), **own)


def adaptation(values: Mapping[str, Any]) -> Adaptation | None:
    """What it says of one that goes on from the study's model; None if it does not.

    Raises:
        BadInput: values of the text that do not go together.
    """
    if values["from"] != "model":
        return None
    mlm = {"head": "mlm", "metrics": METRICS["mlm"], "concatenate": True}
    text = task(TEXT, mlm | values["text"] | {key: values[key] for key in _OF_THE_TASK})
    _check_warmup(values["warmup_steps"], values["steps"])
    others = {f.name: values[f.name] for f in fields(Adaptation) if f.name != "text"}
    return Adaptation(text=text, **others)


def check_random(pretraining: Pretraining, tasks: Mapping[str, Task]) -> None:
    """Check that a model from random weights is possible, and can read the texts of `tasks`.

    Raises:
        BadInput: it is not, or cannot.
    """
    mlm = round(pretraining.mlm_share * pretraining.steps) if pretraining.next_sentence else 0
    _check_warmup(pretraining.warmup_steps, mlm, pretraining.steps - mlm)
    size = pretraining.architecture
    if size.hidden_size % size.heads:
        raise BadInput(
            f"pretraining.architecture.heads: {size.heads} heads do not divide hidden_size"
            f" {size.hidden_size}; write a divisor"
        )
    for each in tasks.values():
        if each.max_length > size.positions:
            raise BadInput(
                f"tasks.{each.name}.max_length: {each.max_length}, but the model is pre-trained"
                f" with {size.positions} positions; write at most {size.positions}"
            )


@contextmanager
def under_own_keys() -> Generator[None]:
    """Put mistakes about the text, which is checked as a task is, under the keys of the study."""
    try:
        yield
    except BadInput as error:
        raise BadInput(*map(_replace_key, error.mistakes)) from None


def _check_warmup(warmup_steps: int, *parts: int) -> None:
    """Check the warm-up of a pre-training whose rate rises in each of its `parts`, in steps."""
    steps = list(filter(None, parts))
    if warmup_steps >= min(steps):
        said = " and of ".join(map(str, steps))
        raise BadInput(
            f"pretraining.warmup_steps: {warmup_steps} of {said} steps; write fewer than"
            f" {min(steps)}"
        )


def _replace_key(mistake: str) -> str:
    match = _MISPLACED.match(mistake)
    if match is None:
        return mistake
    return f"pretraining{match['key'] or '.text'}{mistake[match.end() :]}"
