"""A task's examples as token ids: tokenised from a data set, or random."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from engine_job import BadInput, EngineJob
from tickets import canonical
from tickets.data.encoding import Settings, Tokenizer, encode
from tickets.data.local_checks import select
from tickets.data.sources import check_length, locate
from tickets.encoded import Encoded
from tickets.seeds import derive

VALIDATION = 300  # examples at most
ROWS = 20_000  # read of SQuAD and of texts at most; GLUE's tasks are read whole
DRAWN = 64_000  # texts
SPREAD = 4  # a gamma distribution of this shape has a standard deviation of half its mean


def training(job: EngineJob) -> Encoded:
    """The training examples, cut to whole batches, so that an epoch ends with a whole batch.

    Raises:
        BadInput: they do not fill one batch, or the data set is invalid.
    """
    task = job.definition
    encoded = _draw(job) if job.case.source is None else _read(job, task.train_split)
    batch = task.batch_size
    if len(encoded) < batch:
        raise BadInput(f"{job.task}: {len(encoded)} training examples; a batch has {batch}")
    return _first(encoded, len(encoded) // batch * batch)


def validation(job: EngineJob) -> Encoded:
    """The examples that --quality scores."""
    return _read(job, job.definition.validation_split)


def lengths(mean: float, longest: int, count: int, seed: int) -> NDArray[np.int64]:
    """`count` lengths from a gamma distribution with this mean and half of it as standard
    deviation, rounded and clipped to 3 (a word between two special tokens) and `longest`.
    """
    drawn = np.random.default_rng(seed).gamma(SPREAD, mean / SPREAD, count)
    return np.clip(np.rint(drawn), 3, longest).astype(np.int64)


def _draw(job: EngineJob) -> Encoded:
    """Single texts with uniformly random word pieces and labels.

    More different word pieces occur than in real texts of the same length, which is a disadvantage
    for an engine that leaves out the others.
    """
    task, fast = job.definition, Tokenizer.load(Path(job.model)).fast
    check_length(Path(job.model), job.task, task.max_length)
    special = sorted(fast.all_special_ids)
    assert job.case.mean_length is not None
    assert task.labels is not None
    sizes = lengths(job.case.mean_length, task.max_length, DRAWN, derive(1, f"{job.task}: lengths"))
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    generator = np.random.default_rng(derive(1, f"{job.task}: word pieces"))
    words = np.setdiff1d(np.arange(len(fast)), special)
    tokens = generator.choice(words, offsets[-1])
    tokens[offsets[:-1]], tokens[offsets[1:] - 1] = fast.cls_token_id, fast.sep_token_id
    return Encoded(
        tokens=tokens.astype(np.int32),
        types=np.zeros(tokens.size, np.int8),
        offsets=offsets,
        example=np.arange(DRAWN, dtype=np.int32),
        columns={"label": generator.integers(task.labels, size=DRAWN).astype(np.int32)},
        meta={
            "head": task.head,
            "vocab_size": len(fast),
            "mask_id": fast.mask_token_id,
            "pad_id": fast.pad_token_id,
            "special_ids": special,
            "max_length": task.max_length,
        },
    )


def _read(job: EngineJob, split: str) -> Encoded:
    task, scored = job.definition, split == job.definition.validation_split
    data = task.dataset
    files = locate(job.data, data.name, None, {}, (split,)).splits[split]
    rows = sum(pq.read_metadata(file).num_rows for file in files)
    if scored:
        count = min(rows, VALIDATION)
    else:
        most = job.examples or (rows if job.case.source == "data" else ROWS)
        count = min(rows, most) // task.batch_size * task.batch_size
    selection = replace(select(task, split), task=job.task, examples=count)
    settings = Settings(
        task=job.task,
        head=task.head,
        max_length=task.max_length,
        stride=task.stride,
        concatenate=bool(task.concatenate),
    )
    table = canonical.prepare(files, selection)
    return encode(table, settings, Path(job.model), validation=scored)


def _first(encoded: Encoded, count: int) -> Encoded:
    """The first `count` examples of a training split."""
    end = encoded.offsets[count]
    return replace(
        encoded,
        tokens=encoded.tokens[:end],
        types=encoded.types[:end],
        offsets=encoded.offsets[: count + 1],
        example=encoded.example[:count],
        columns={name: values[:count] for name, values in encoded.columns.items()},
    )
