"""A task's examples as token ids: tokenised from a data set, or random."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

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
    encoded = _read(job, task.train_split) if job.data else draw(job, job.examples or DRAWN)
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


def draw(job: EngineJob, count: int) -> Encoded:
    """`count` single texts of the task's lengths, with random word pieces and answers."""
    task, this, fast = job.definition, job.case, Tokenizer.load(Path(job.model)).fast
    check_length(Path(job.model), job.task, task.max_length)
    longest = this.longest or task.max_length
    if this.mean_length is None:
        sizes = np.full(count, longest)
    else:
        seed = derive(1, f"{job.task}: lengths")
        sizes = lengths(this.mean_length, longest, count, seed)
    special = sorted(fast.all_special_ids)
    words = np.setdiff1d(np.arange(len(fast)), special)[: this.pieces]
    meta = {
        "head": task.head,
        "vocab_size": len(fast),
        "mask_id": fast.mask_token_id,
        "pad_id": fast.pad_token_id,
        "special_ids": special,
        "max_length": task.max_length,
    }
    ends = (fast.cls_token_id, fast.sep_token_id)
    seed = derive(1, f"{job.task}: word pieces")
    return texts(sizes, words, ends, meta, labels=task.labels or 1, seed=seed)


def texts(
    sizes: NDArray[np.int64],
    words: NDArray[np.int64],
    ends: tuple[int, int],
    meta: Mapping[str, Any],
    *,
    labels: int,
    seed: int,
) -> Encoded:
    """Texts of these numbers of tokens, drawn uniformly from `words` between the two `ends`.

    The answers are random too: labels, values between 0 and 1, or a span up to a text's middle.
    """
    generator, count = np.random.default_rng(seed), len(sizes)
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    tokens = generator.choice(words, offsets[-1])
    tokens[offsets[:-1]], tokens[offsets[1:] - 1] = ends
    answers: dict[str, NDArray[Any]] = {}
    if meta["head"] == "classification":
        answers = {"label": generator.integers(labels, size=count).astype(np.int32)}
    elif meta["head"] == "regression":
        answers = {"label": generator.random(count, dtype=np.float32)}
    elif meta["head"] == "span":
        answers = {
            "start": np.ones(count, np.int32),
            "end": (sizes // 2).astype(np.int32),
            "context_begin": np.ones(count, np.int32),
            "context_end": (sizes - 1).astype(np.int32),
        }
    return Encoded(
        tokens=tokens.astype(np.int32),
        types=np.zeros(tokens.size, np.int8),
        offsets=offsets,
        example=np.arange(count, dtype=np.int32),
        columns=answers,
        meta=meta,
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
