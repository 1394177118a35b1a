"""The rivals' data: the examples of our trainings' steps, in transformers' form."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine_job import EngineJob
from tickets import architecture
from tickets.data.masking import IGNORED
from tickets.encoded import Encoded
from tickets.model.batches import choose_examples, pack
from tickets.training.loop import hide_words
from tickets.training.recipe import Recipe

Example = dict[str, Any]
ANSWERS = {  # transformers' name -> the column, by head
    "classification": {"labels": "label"},
    "regression": {"labels": "label"},
    "span": {"start_positions": "start", "end_positions": "end"},
    "mlm": {},
}


def ordered(job: EngineJob, encoded: Encoded) -> list[Example]:
    """The examples of all steps in order; for MLM with the words hidden that our training hides."""
    result: list[Example] = []
    for step in range(job.total):
        rows = choose_examples(len(encoded), job.definition.batch_size, job.seed, step)
        if encoded.meta["head"] == "mlm":
            vocabulary = architecture.read(Path(job.model)).vocabulary
            result += hidden(encoded, rows, vocabulary=vocabulary, seed=job.seed, step=step)
        else:
            result += examples(encoded, rows)
    return result


def examples(encoded: Encoded, rows: NDArray[np.int64]) -> list[Example]:
    """The examples of these rows with their answers, without padding."""
    answers = ANSWERS[encoded.meta["head"]]
    result: list[Example] = []
    for row in rows:
        part = slice(encoded.offsets[row], encoded.offsets[row + 1])
        result.append(
            {
                "input_ids": encoded.tokens[part].tolist(),
                "token_type_ids": encoded.types[part].tolist(),
                "attention_mask": [1] * int(part.stop - part.start),
                **{name: encoded.columns[column][row].item() for name, column in answers.items()},
            }
        )
    return result


def hidden(
    encoded: Encoded, rows: NDArray[np.int64], *, vocabulary: int, seed: int, step: int
) -> list[Example]:
    """The examples of these rows with the words hidden as in a step of a training with `seed`."""
    packed = pack(encoded, rows)
    seen, words = hide_words(
        encoded,
        packed,
        probability=Recipe.mlm_probability,
        vocabulary=vocabulary,
        seed=seed,
        step=step,
    )
    parts = packed.starts[1:-1]
    return [
        {**example, "input_ids": ids.tolist(), "labels": labels.tolist()}
        for example, ids, labels in zip(
            examples(encoded, rows), np.split(seen, parts), np.split(words, parts), strict=True
        )
    ]


def padded(rows: list[Example], encoded: Encoded, *, dynamic: bool = False) -> dict[str, Tensor]:
    """A batch of examples of `encoded`, padded to its maximal length; if `dynamic`, to theirs."""
    empty = {"input_ids": encoded.meta["pad_id"], "labels": IGNORED}
    lengths = [len(example["input_ids"]) for example in rows]
    length = max(lengths) if dynamic else encoded.meta["max_length"]
    batch: dict[str, Tensor] = {}
    for name, first in rows[0].items():
        values = [example[name] for example in rows]
        if isinstance(first, list):
            fill = empty.get(name, 0)
            values = [value + [fill] * (length - len(value)) for value in values]
        batch[name] = torch.tensor(values)
    return batch
