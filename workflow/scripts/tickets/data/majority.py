"""The best constant answer: a network that has learned anything must beat it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from tickets.data.masking import IGNORED
from tickets.encoded import Encoded


def constant_label(train: pa.Table, validation: pa.Table) -> pa.Table:
    """Classification: the most frequent training label; on a tie the smallest."""
    return _predictions(validation, "label", _most_frequent(train["label"].to_pylist()))


def constant_value(train: pa.Table, validation: pa.Table) -> pa.Table:
    """Regression: the mean training label."""
    return _predictions(validation, "label", float(np.mean(train["label"].to_numpy())))


def constant_text(train: pa.Table, validation: pa.Table) -> pa.Table:
    """Span: the most frequent text among the questions' first training answers."""
    texts = [answers[0] for answers in train["answers"].to_pylist()]
    return _predictions(validation, "answers", _most_frequent(texts))


def constant_token(train: Encoded, validation: Encoded, rows: pa.Table) -> pa.Table:
    """MLM: for every hidden token, the most frequent training token that is not special."""
    counts = np.bincount(train.tokens)
    counts[[token for token in train.meta["special_ids"] if token < len(counts)]] = 0
    labels = validation.columns["labels"]
    begins = validation.offsets[:-1]
    return pa.table(
        {
            "id": validation.ids(rows["id"]),
            "correct": np.add.reduceat((labels == counts.argmax()).astype(np.int64), begins),
            "total": np.add.reduceat((labels != IGNORED).astype(np.int64), begins),
        }
    )


def _predictions(validation: pa.Table, reference: str, answer: object) -> pa.Table:
    return pa.table(
        {
            "id": validation["id"],
            "reference": validation[reference],
            "prediction": pa.array([answer] * validation.num_rows),
        }
    )


def _most_frequent(values: Sequence[Any]) -> Any:
    counts = Counter(values)
    return min(counts, key=lambda value: (-counts[value], value))
