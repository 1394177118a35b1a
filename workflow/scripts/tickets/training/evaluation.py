"""Predictions of a trained network on the validation split; scores are computed elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray

from tickets.columns import column, rows, texts
from tickets.data.masking import IGNORED
from tickets.encoded import Encoded
from tickets.model.batches import PackedBatch, pack
from tickets.model.network import HIDING, Batch, Network

TOKENS = 8192  # in a batch: matrices are large, and batches the same on every machine
LONGEST_ANSWER = 30  # tokens, as in the published SQuAD scripts


def predict(network: Network, encoded: Encoded, data: pa.Table) -> pa.Table:
    """Predictions for every row of `data` (the canonical validation split), in its order.

    Columns: id, and by head
        classification: reference, prediction, logits; regression: reference, prediction;
        span: reference (all accepted answers), prediction (text); mlm: correct, total.
    """
    with torch.inference_mode():
        columns = {
            "classification": _classes,
            "regression": _values,
            "span": _spans,
            "mlm": _words,
        }[network.head](network, encoded, data)
    return pa.table(columns)


def _classes(network: Network, encoded: Encoded, data: pa.Table) -> Mapping[str, pa.Array]:
    logits = _answers(network, encoded)
    return {
        "id": data["id"],
        "reference": column(encoded.columns["label"].astype(np.int64)),
        "prediction": column(logits.argmax(axis=1).astype(np.int64)),
        "logits": rows(logits),
    }


def _values(network: Network, encoded: Encoded, data: pa.Table) -> Mapping[str, pa.Array]:
    return {
        "id": data["id"],
        "reference": column(encoded.columns["label"].astype(np.float64)),
        "prediction": column(_answers(network, encoded)[:, 0].astype(np.float64)),
    }


def _answers(network: Network, encoded: Encoded) -> NDArray[np.float32]:
    parts: dict[int, NDArray[np.float32]] = {}
    for packed, batch in batches(network, encoded):
        outputs = network.answers(batch).cpu().numpy()
        parts |= dict(zip(packed.examples.tolist(), outputs, strict=True))
    return np.stack([parts[example] for example in range(len(encoded))])


def _words(network: Network, encoded: Encoded, data: pa.Table) -> Mapping[str, pa.Array]:
    """How many hidden words each sequence has, and how many of them are predicted correctly."""
    correct = np.zeros(len(encoded), dtype=np.int64)
    total = np.zeros(len(encoded), dtype=np.int64)
    for packed, batch in batches(network, encoded):
        labels = encoded.columns["labels"][packed.source]
        hidden = labels != IGNORED
        best = network.words(batch).argmax(dim=1).cpu().numpy()
        is_correct = best[: np.count_nonzero(hidden)] == labels[hidden]
        owner = packed.examples[packed.owner[hidden]]
        np.add.at(correct, owner, is_correct)
        np.add.at(total, owner, 1)
    return {
        "id": encoded.ids(data["id"]),
        "correct": column(correct),
        "total": column(total),
    }


def _spans(network: Network, encoded: Encoded, data: pa.Table) -> Mapping[str, pa.Array]:
    """Each example's best span over all its windows, as text from its context."""
    contexts: Sequence[str] = data["context"].to_pylist()
    score = np.full(len(data), -np.inf)
    answers = [""] * len(data)
    for packed, batch in batches(network, encoded):
        first, last = network.edges(batch).cpu().numpy()
        for row, feature in enumerate(packed.examples):
            begin, end = (int(encoded.columns[f"context_{e}"][feature]) for e in ("begin", "end"))
            value, start, stop = best_span(first[row, begin:end], last[row, begin:end])
            example = int(encoded.example[feature])
            if value > score[example]:
                origin = encoded.offsets[feature] + begin
                characters = encoded.columns["offsets"][[origin + start, origin + stop]]
                score[example] = value
                answers[example] = contexts[example][characters[0, 0] : characters[1, 1]]
    return {"id": data["id"], "reference": data["answers"], "prediction": texts(answers)}


def best_span(first: NDArray[np.float32], last: NDArray[np.float32]) -> tuple[float, int, int]:
    """The span [start, stop] of at most `LONGEST_ANSWER` tokens with the largest sum of scores.

    first, last: each token's score as the span's first and last, [n]. Among equal sums the
    earliest span wins, then the shortest. (-inf, 0, 0) for n = 0.
    """
    best = (-np.inf, 0, 0)
    for length in range(min(LONGEST_ANSWER, first.size)):
        sums = first[: first.size - length] + last[length:]
        start = int(sums.argmax())
        if (float(sums[start]), -start) > (best[0], -best[1]):
            best = (float(sums[start]), start, start + length)
    return best


def batches(network: Network, encoded: Encoded) -> Iterator[tuple[PackedBatch, Batch]]:
    """All sequences, shortest first, in batches of about `TOKENS` tokens."""
    lengths = np.diff(encoded.offsets)
    order = np.argsort(lengths, kind="stable")
    area = np.cumsum(lengths[order])
    for examples in np.split(order, np.flatnonzero(np.diff(area // TOKENS)) + 1):
        packed = pack(encoded, examples)  # lengths are nearly equal: one a row wastes nothing
        tokens = encoded.tokens[packed.source]
        words = encoded.columns["labels"][packed.source] if network.head in HIDING else None
        yield packed, network.batch(encoded, packed, tokens, words=words)
