"""How fast this machine trains a study's model: a few steps with random weights and texts."""

from __future__ import annotations

import time
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tickets import adapted, architecture, masks
from tickets.architecture import Architecture
from tickets.data import sources
from tickets.design.config import Study
from tickets.design.sizes import TaskSize, shapes_in, shapes_of, task_size
from tickets.encoded import Encoded
from tickets.errors import BadInput
from tickets.initial.initialisation import draw
from tickets.model import device
from tickets.names import THETA_0
from tickets.paths import Results
from tickets.prunable import prunable_set
from tickets.tasks import Task
from tickets.training.loop import initial_head, train
from tickets.training.recipe import Recipe

EXAMPLES = 2_000
"""The most random texts: many words occur in them, as in a task."""

SPECIAL = 5
"""The first token ids, which no text contains."""

LEAST = 0.5
"""The fewest seconds that the counted steps take."""


def tokens_per_second(study: Study) -> float:
    """The tokens per second of one training on the task with the most tokens, on this device.

    The difference between two trainings is timed, so that a training's start-up does not count.

    Raises:
        BadInput: the model is not on this machine, or no task's size is known.
    """
    encoder, shapes = _model(study)
    sizes = {name: task_size(study, task) for name, task in study.tasks.items()}
    sizes = {name: size for name, size in sizes.items() if size.tokens and size.examples}
    if not sizes:
        raise BadInput("tasks: no task's number of tokens is known, so none can be timed")
    longest = max(sizes, key=lambda name: sizes[name].tokens or 0)
    return _measure(study, study.tasks[longest], sizes[longest], encoder, shapes)


def _model(study: Study) -> tuple[Architecture, dict[str, tuple[int, ...]]]:
    """Architecture and shapes of the study's model: its own copy, which is theta_0 or what theta_0
    is adapted from, else the directory it is from.
    """
    files = Results(root=study.results)
    original = (adapted.ORIGINAL, adapted.ORIGINAL)
    weights_name, folder = original if study.adaptation else (THETA_0, "model")
    weights, model = Path(files.weights(weights_name)), Path(files.folder(folder))
    if weights.is_file() and model.is_dir():
        encoder, shapes = architecture.read(model), shapes_in(weights)
    elif study.new_architecture:
        raise BadInput(
            "model: it is not pre-trained yet, so it cannot be timed; have the target `fetch` made"
            " first, which pre-trains it"
        )
    else:
        directory = sources.local_directory(study.model.path, study.local_copies)
        if directory is None or not (shapes := shapes_of(directory)):
            raise BadInput(
                f"model: {study.model.path} is not on this machine, so it cannot be timed; "
                "have the target `fetch` made first"
            )
        encoder = architecture.read(directory)
    own = ("embeddings", encoder.names.layer.partition("{")[0], "pooler.dense")
    return encoder, {name: shape for name, shape in shapes.items() if name.startswith(own)}


def _measure(
    study: Study,
    task: Task,
    size: TaskSize,
    encoder: Architecture,
    shapes: dict[str, tuple[int, ...]],
) -> float:
    assert size.tokens is not None
    assert size.examples is not None
    device.prepare(study.threads)
    theta, gamma = initial_head(
        draw(shapes, 1, "calibration", encoder.initializer_range),
        encoder,
        head=task.head,
        labels=task.labels or 1,
        seed=1,
        task=task.name,
    )
    length = max(2, round(size.tokens / size.examples))
    encoded = draw_texts(task, min(EXAMPLES, size.examples), length, encoder)
    recipe = Recipe(
        epochs=None,
        steps=10**9,
        batch_size=task.batch_size,
        learning_rate=task.learning_rate,
        **vars(study.training),
    )
    mask = masks.dense(prunable_set(shapes))

    def seconds(steps: int) -> float:
        begin = time.monotonic()
        with redirect_stderr(StringIO()):  # where a training reports its losses
            train(
                theta,
                gamma,
                mask,
                encoded,
                encoder,
                recipe,
                head=task.head,
                seed=1,
                last_step=steps,
            )
        return time.monotonic() - begin

    seconds(1)  # warm up
    steps, short = 1, seconds(1)
    while True:
        steps *= 2
        whole = seconds(steps)
        if whole - short >= LEAST:
            return (steps // 2) * task.batch_size * length / (whole - short)
        short = whole


def draw_texts(task: Task, examples: int, length: int, encoder: Architecture) -> Encoded:
    """`examples` random texts of `length` tokens each, with labels of the task's kind."""
    ids = np.random.default_rng(1).integers(SPECIAL, encoder.vocabulary, examples * length)
    zeros: NDArray[np.int32] = np.zeros(examples, np.int32)
    columns = {
        "classification": {"label": zeros},
        "regression": {"label": zeros.astype(np.float32)},
        "span": dict.fromkeys(("start", "end", "context_begin"), zeros)
        | {"context_end": zeros + length},
        "mlm": {},
    }
    return Encoded(
        tokens=ids.astype(np.int32),
        types=np.zeros(ids.size, np.int8),
        offsets=np.arange(examples + 1, dtype=np.int64) * length,
        example=np.arange(examples, dtype=np.int32),
        columns=columns[task.head],
        meta={
            "head": task.head,
            "vocab_size": encoder.vocabulary,
            "mask_id": SPECIAL - 1,
            "pad_id": encoder.pad_id,
            "special_ids": list(range(SPECIAL)),
            "max_length": length,
        },
    )
