"""Encoding text as token ids, with any fast tokenizer of the BERT family."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from transformers import AutoConfig, AutoTokenizer
from transformers.utils import logging

from tickets import architecture
from tickets.data.masking import hide
from tickets.data.settings import Settings
from tickets.data.sources import check_length
from tickets.encoded import Encoded
from tickets.errors import BadInput
from tickets.seeds import derive

BATCH = 1000  # texts tokenized at once: this bounds the memory for Python's lists of ids
LONGEST_QUESTION = 64  # tokens; the rest of a question is cut, as in the published commands
HIDDEN_SHARE = 0.15  # of a validation text's tokens; fixed, so that scores of studies compare


@dataclass(frozen=True, kw_only=True)
class _Feature:
    example: int
    tokens: NDArray[np.int32]
    types: NDArray[np.int8]
    values: dict[str, int | float] = field(default_factory=dict[str, int | float])
    characters: NDArray[np.int32] | None = None


@dataclass(frozen=True, kw_only=True)
class Tokenizer:
    """A model's tokenizer."""

    fast: Any
    segments: bool  # whether the model distinguishes a pair's two texts

    @classmethod
    def load(cls, model: Path) -> Tokenizer:
        """The tokenizer in the directory `model`.

        Raises:
            BadInput: there is none, or its vocabulary is larger than the model's.
        """
        logging.set_verbosity_error()  # no warnings about long texts: they are cut here
        vocabulary = architecture.read(model).vocabulary
        try:
            fast = AutoTokenizer.from_pretrained(model, use_fast=True)
            config = AutoConfig.from_pretrained(model).to_dict()
        except (OSError, ValueError) as error:
            line = str(error).strip().splitlines()[0]
            raise BadInput(f"model: {model} has no tokenizer that can be loaded ({line})") from None
        # A directory without a vocabulary loads as a tokenizer of special tokens alone.
        if not fast.is_fast or len(fast) == len(fast.all_special_ids):
            raise BadInput(f"model: {model} has no fast tokenizer; add tokenizer.json or vocab.txt")
        if len(fast) > vocabulary:
            raise BadInput(
                f"model: the tokenizer in {model} has {len(fast)} tokens, its config.json says"
                f" vocab_size {vocabulary}; take the tokenizer that belongs to the model"
            )
        return cls(fast=fast, segments=config.get("type_vocab_size", 1) > 1)

    def __call__(self, first: list[str], second: list[str] | None = None, **options: Any) -> Any:
        """The encodings of a batch, each with ids, type_ids, offsets and sequence_ids."""
        return self.fast(first, second, return_token_type_ids=True, **options).encodings

    def types(self, encoding: Any) -> NDArray[np.int8]:
        """The segment of each token; zeros for a model with one segment only."""
        types = np.array(encoding.type_ids, np.int8)
        return types if self.segments else np.zeros_like(types)


def encode(data: pa.Table, settings: Settings, model: Path, *, validation: bool) -> Encoded:
    """The features of canonical `data` for the model in directory `model`.

    Pairs that are too long lose tokens of the longer text. A span's context is split into windows
    that begin every `stride` tokens (as in the published code), after the question's first 64.
    MLM's validation split is masked here, the same in every study; its training split is not.

    Raises:
        BadInput: lengths that the model cannot read, or a model without a token the head needs.
    """
    check_length(model, settings.task, settings.max_length)
    tokenizer = Tokenizer.load(model)
    special = tokenizer.fast.num_special_tokens_to_add(pair=True)
    if settings.max_length <= special + 1:
        raise BadInput(
            f"tasks.{settings.task}.max_length: {settings.max_length}, of which {special} are"
            f" special tokens; write at least {special + 2}"
        )
    if settings.head == "span":
        features = list(_windows(data, settings, tokenizer, validation=validation))
    elif settings.concatenate:
        features = list(_chunks(data, settings, tokenizer))
    else:
        features = list(_examples(data, settings, tokenizer))
    if not features:
        raise BadInput(f"data of {settings.task}: no text with a word that {model} knows")
    encoded = _collect(features, _meta(settings, tokenizer, model))
    if settings.head == "mlm" and validation:
        return _mask(encoded)
    return encoded


def _meta(settings: Settings, tokenizer: Tokenizer, model: Path) -> dict[str, Any]:
    fast = tokenizer.fast
    if settings.head == "mlm" and fast.mask_token_id is None:
        raise BadInput(f"model: the tokenizer in {model} has no mask token, which mlm needs")
    return {
        "head": settings.head,
        "vocab_size": len(fast),
        "mask_id": fast.mask_token_id,
        "pad_id": fast.pad_token_id,
        "special_ids": sorted(fast.all_special_ids),
        "max_length": settings.max_length,
    }


def _batches(*columns: list[Any]) -> Iterator[tuple[int, tuple[list[Any], ...]]]:
    for first in range(0, len(columns[0]), BATCH):
        yield first, tuple(column[first : first + BATCH] for column in columns)


def _examples(data: pa.Table, settings: Settings, tokenizer: Tokenizer) -> Iterator[_Feature]:
    """One feature per example, a text or a pair; mlm texts without a token to hide are left out."""
    first, second = data["text_a"].to_pylist(), data["text_b"].to_pylist()
    labels = data["label"].to_pylist() if "label" in data.column_names else None
    special = tokenizer.fast.all_special_ids
    for start, (a, b) in _batches(first, second):
        pairs = None if b[0] is None else b
        encodings = tokenizer(a, pairs, truncation="longest_first", max_length=settings.max_length)
        for row, encoding in enumerate(encodings, start):
            tokens = np.array(encoding.ids, np.int32)
            if settings.head == "mlm" and np.isin(tokens, special).all():
                continue
            yield _Feature(
                example=row,
                tokens=tokens,
                types=tokenizer.types(encoding),
                values={} if labels is None else {"label": labels[row]},
            )


def _chunks(data: pa.Table, settings: Settings, tokenizer: Tokenizer) -> Iterator[_Feature]:
    """Join all texts and cut them into chunks of full length; the last chunk may be shorter.

    A chunk's example is the row in which it begins; chunks without a token to hide are left out.
    """
    (sample,) = tokenizer(["a"])
    inner = np.flatnonzero(np.array(sample.special_tokens_mask) == 0)
    ids = np.array(sample.ids, np.int32)
    before, after = ids[: inner[0]], ids[inner[-1] + 1 :]
    room = settings.max_length - len(before) - len(after)
    special = tokenizer.fast.all_special_ids
    texts = data["text_a"].to_pylist()
    tokens, rows = np.zeros(0, np.int32), np.zeros(0, np.int32)
    for start, (batch,) in _batches(texts):
        lists = [encoding.ids for encoding in tokenizer(batch, add_special_tokens=False)]
        lengths = [len(ids) for ids in lists]
        tokens = np.concatenate([tokens, *(np.array(ids, np.int32) for ids in lists)])
        rows = np.concatenate([rows, np.repeat(np.arange(start, start + len(lists)), lengths)])
        complete = len(tokens) if start + len(batch) == len(texts) else len(tokens) // room * room
        for begin in range(0, complete, room):
            chunk = tokens[begin : begin + room]
            if not np.isin(chunk, special).all():
                ids = np.concatenate([before, chunk, after])
                types = np.zeros(len(ids), np.int8)
                yield _Feature(example=int(rows[begin]), tokens=ids, types=types)
        tokens, rows = tokens[complete:], rows[complete:]


def _windows(
    data: pa.Table, settings: Settings, tokenizer: Tokenizer, *, validation: bool
) -> Iterator[_Feature]:
    """One feature per window of a context, after its question; windows overlap."""
    stride = settings.stride
    assert stride is not None
    rest = settings.max_length - tokenizer.fast.num_special_tokens_to_add(pair=True) - stride
    if rest < 1:
        raise BadInput(
            f"tasks.{settings.task}.stride: {stride} leaves no room for a question in max_length"
            f" {settings.max_length}; write at most {stride + rest - 1}"
        )
    columns = ("question", "context", "answers", "answer_start")
    for start, batch in _batches(*(data[name].to_pylist() for name in columns)):
        questions, contexts, answers, answer_starts = batch
        for row, encoding in enumerate(tokenizer(questions, contexts)):
            sequence = np.array([-1 if s is None else s for s in encoding.sequence_ids])
            characters = np.array(encoding.offsets, np.int32)
            tokens, types = np.array(encoding.ids, np.int32), tokenizer.types(encoding)
            context = np.flatnonzero(sequence == 1)
            if not len(context):
                raise BadInput(
                    f"data of {settings.task}: the context of row {start + row} has no token;"
                    " leave the row out"
                )
            unread = np.flatnonzero(sequence == 0)[min(LONGEST_QUESTION, rest) :]
            before = np.setdiff1d(np.arange(context[0]), unread)
            after = np.arange(context[-1] + 1, len(tokens))
            room = settings.max_length - len(before) - len(after)
            first, last = _span(answers[row], answer_starts[row], characters[context])
            for begin in range(0, max(len(context) - room, 0) + stride, stride):
                window = context[begin : begin + room]
                places = np.concatenate([before, window, after])
                inside = begin <= first and last < begin + room
                shift = len(before) - begin
                offsets = np.zeros((len(places), 2), np.int32)
                offsets[len(before) : len(before) + len(window)] = characters[window]
                yield _Feature(
                    example=start + row,
                    tokens=tokens[places],
                    types=types[places],
                    values={
                        "start": first + shift if inside else 0,
                        "end": last + shift if inside else 0,
                        "context_begin": len(before),
                        "context_end": len(before) + len(window),
                    },
                    characters=offsets if validation else None,
                )


def _span(texts: list[str], starts: list[int], characters: NDArray[np.int32]) -> tuple[int, int]:
    """The first and last context token of the first answer; (-1, -1) if it overlaps none."""
    begin, end = starts[0], starts[0] + len(texts[0])
    tokens = np.flatnonzero((characters[:, 1] > begin) & (characters[:, 0] < end))
    return (int(tokens[0]), int(tokens[-1])) if len(tokens) else (-1, -1)


def _collect(features: list[_Feature], meta: dict[str, Any]) -> Encoded:
    dtype = np.float32 if meta["head"] == "regression" else np.int32
    columns: dict[str, NDArray[Any]] = {
        name: np.array([feature.values[name] for feature in features], dtype)
        for name in features[0].values
    }
    characters = [feature.characters for feature in features if feature.characters is not None]
    if characters:
        columns["offsets"] = np.concatenate(characters)
    return Encoded(
        tokens=np.concatenate([feature.tokens for feature in features]),
        types=np.concatenate([feature.types for feature in features]),
        offsets=np.cumsum([0, *(len(feature.tokens) for feature in features)], dtype=np.int64),
        example=np.array([feature.example for feature in features], np.int32),
        columns=columns,
        meta=meta,
    )


def _mask(encoded: Encoded) -> Encoded:
    """Hide the same tokens in every study, whatever its seeds."""
    tokens, labels = hide(
        encoded.tokens,
        encoded.offsets,
        ~np.isin(encoded.tokens, encoded.meta["special_ids"]),
        probability=HIDDEN_SHARE,
        mask_id=encoded.meta["mask_id"],
        vocabulary=encoded.meta["vocab_size"],
        seed=derive(0, "hidden tokens of the validation texts"),
    )
    return replace(encoded, tokens=tokens, columns={"labels": labels})
