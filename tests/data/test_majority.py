from __future__ import annotations

import numpy as np
import pyarrow as pa

from tickets.data.majority import constant_label, constant_text, constant_token, constant_value
from tickets.encoded import Encoded
from tickets.scores.metrics import score


def test_the_label_that_training_shows_most() -> None:
    """Not validation's own; the smallest where several are as frequent."""
    validation = pa.table({"id": ["a", "b", "c"], "label": [0, 0, 2]})

    found = constant_label(pa.table({"label": [2, 2, 0]}), validation)
    assert found.to_pydict() == {
        "id": ["a", "b", "c"],
        "reference": [0, 0, 2],
        "prediction": [2, 2, 2],
    }
    tied = constant_label(pa.table({"label": [2, 0, 2, 0, 1]}), validation)
    assert tied["prediction"].to_pylist() == [0, 0, 0]


def test_the_mean_of_trainings_labels() -> None:
    """It has the least squared error of all constants, and no correlation."""
    validation = pa.table({"id": ["a", "b"], "label": [0.0, 5.0]})
    found = constant_value(pa.table({"label": [1.0, 2.0, 6.0]}), validation)

    assert found["prediction"].to_pylist() == [3.0, 3.0]
    assert score(["pearson"], found) == {"pearson": 0.0}


def test_the_answer_that_training_shows_most() -> None:
    """Counted once a question, by its first answer."""
    train = pa.table({"answers": [["red", "blue", "blue"], ["red"], ["blue"]]})
    validation = pa.table({"id": ["q"], "answers": [["blue", "red"]]})

    assert constant_text(train, validation).to_pydict() == {
        "id": ["q"],
        "reference": [["blue", "red"]],
        "prediction": ["red"],
    }


def test_the_token_that_training_shows_most() -> None:
    """Special tokens don't count; correct and total are of the hidden places of each sequence."""

    def encoded(rows: list[list[int]], labels: list[list[int]] | None = None) -> Encoded:
        offsets = np.cumsum([0, *map(len, rows)], dtype=np.int64)
        columns = {} if labels is None else {"labels": np.concatenate(labels).astype(np.int32)}
        tokens = np.concatenate(rows).astype(np.int32)
        return Encoded(
            tokens=tokens,
            types=np.zeros(len(tokens), np.int8),
            offsets=offsets,
            example=np.arange(len(rows), dtype=np.int32),
            columns=columns,
            meta={"special_ids": [0, 1, 99]},
        )

    train = encoded([[0, 7, 8, 1], [0, 7, 1], [0, 9, 1]])
    validation = encoded(
        [[0, 4, 4, 1], [0, 4, 5, 1]], labels=[[-100, 7, 7, -100], [-100, 8, -100, -100]]
    )

    assert constant_token(train, validation, pa.table({"id": ["a", "b"]})).to_pydict() == {
        "id": ["a", "b"],
        "correct": [2, 0],
        "total": [2, 1],
    }
