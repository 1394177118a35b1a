from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tickets.canonical import Selection, prepare
from tickets.errors import BadInput

PAIR = Selection(
    task="rte", head="classification", split="train", text=("a", "b"), label="label", labels=2
)
SPAN = Selection(
    task="squad", head="span", split="train", text=("question", "context"), label="answers"
)


def put(path: Path, rows: dict[str, Any]) -> Path:
    pq.write_table(pa.table(rows), path)
    return path


def pairs(labels: list[Any], **more: Any) -> dict[str, Any]:
    words = [f"text {i}" for i in range(len(labels))]
    return {"b": words, "a": words[::-1], "label": labels, **more}


def refusal(path: Path, selection: Selection) -> str:
    with pytest.raises(BadInput) as caught:
        prepare([path], selection)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_pairs_keep_the_order_of_the_columns_named(tmp_path: Path) -> None:
    """text_a is the first column named, whatever the source's order; shards follow each other."""
    one = put(tmp_path / "1.parquet", pairs([0, 1]))
    two = put(tmp_path / "2.parquet", pairs([1]))

    assert prepare([one, two], PAIR).to_pydict() == {
        "id": ["0", "1", "2"],
        "text_a": ["text 1", "text 0", "text 0"],
        "text_b": ["text 0", "text 1", "text 0"],
        "label": [0, 1, 1],
    }


def test_single_texts_have_a_null_second(tmp_path: Path) -> None:
    """Regression labels become float64, mlm has none; an empty text is a text."""
    path = put(tmp_path / "1.parquet", {"text": ["", "x"], "score": pa.array([1, 5], pa.float32())})
    regression = Selection(
        task="stsb", head="regression", split="train", text=("text",), label="score"
    )
    mlm = Selection(task="mlm", head="mlm", split="train", text=("text",))

    found = prepare([path], regression)
    assert found["label"].type == pa.float64()
    assert found.to_pydict() == {
        "id": ["0", "1"],
        "text_a": ["", "x"],
        "text_b": [None, None],
        "label": [1.0, 5.0],
    }
    assert prepare([path], mlm).column_names == ["id", "text_a", "text_b"]


def test_span_answers_become_two_lists(tmp_path: Path) -> None:
    """SQuAD's struct of lists, with the question's own id."""
    answers = [{"text": ["b", "a b"], "answer_start": [2, 0]}]
    rows = {"id": ["q7"], "context": ["a b"], "question": ["what"], "answers": answers}

    assert prepare([put(tmp_path / "1.parquet", rows)], SPAN).to_pydict() == {
        "id": ["q7"],
        "question": ["what"],
        "context": ["a b"],
        "answers": [["b", "a b"]],
        "answer_start": [[2, 0]],
    }


def test_ids_are_unique(tmp_path: Path) -> None:
    """The source's own where they tell rows apart, else the row's number."""
    own = put(tmp_path / "1.parquet", pairs([0, 1], id=[17, 4]))
    shared = put(tmp_path / "2.parquet", pairs([0, 1], id=["x", "x"]))

    assert prepare([own], PAIR)["id"].to_pylist() == ["17", "4"]
    assert prepare([shared], PAIR)["id"].to_pylist() == ["0", "1"]


def test_subsets_are_drawn_once_and_nested(tmp_path: Path) -> None:
    """The same rows every time, in source order, each subset inside the larger ones."""
    path = put(tmp_path / "1.parquet", pairs([0, 1] * 50))

    def drawn(examples: int) -> list[int]:
        ids = prepare([path], Selection(**{**vars(PAIR), "examples": examples}))["id"]
        return [int(i) for i in ids.to_pylist()]

    assert drawn(10) == drawn(10)
    assert drawn(10) == sorted(drawn(10)) != list(range(10))
    assert len(set(drawn(10))) == 10
    assert set(drawn(10)) < set(drawn(30)) < set(drawn(100)) == set(range(100))
    message = refusal(path, Selection(**{**vars(PAIR), "examples": 101}))
    assert message == "tasks.rte, split train: 100 rows; 101 examples cannot be drawn"


@pytest.mark.parametrize("wrong", [-1, 2])
def test_labels_out_of_range_are_named(tmp_path: Path, wrong: int) -> None:
    """Task, split, row, value and what is allowed, in one line; -1 is how the hub hides labels."""
    path = tmp_path / "1.parquet"

    message = refusal(put(path, pairs([0, 1, wrong])), PAIR)
    where = "row 2 (counted from 0)"
    said = f"label {wrong} is not in 0 to 1;"
    assert message.startswith(f"tasks.rte, split train: {where}: {said}")
    message = refusal(put(path, pairs([0, 1, wrong, wrong])), PAIR)
    assert message.startswith(f"tasks.rte, split train: 2 rows, the first {where}: {said}")


def test_bad_rows_and_columns_are_named(tmp_path: Path) -> None:
    """Missing values, missing columns, empty splits and wrong types each have their line."""
    path = tmp_path / "1.parquet"

    put(path, {**pairs([0, 1]), "a": ["x", None]})
    assert "row 1 (counted from 0): no value in column 'a'" in refusal(path, PAIR)
    put(path, pairs([0, None]))
    assert "row 1 (counted from 0): no value in column 'label'" in refusal(path, PAIR)
    put(path, {"a": ["x"], "label": [0]})
    assert "no column 'b'" in refusal(path, PAIR)
    put(path, pairs(["yes", "no"]))
    said = "column 'label' has text, but must have whole numbers; number the classes from 0"
    assert said in refusal(path, PAIR)
    put(path, {**pairs([0, 1]), "label": pa.array(["a", "b"]).dictionary_encode()})
    assert said in refusal(path, PAIR)
    put(path, pairs([[0], [1]]))
    assert "column 'label' has lists, but must have whole numbers" in refusal(path, PAIR)
    put(path, pairs([0.5, 1.0]))
    assert "column 'label' has numbers, but must have whole numbers" in refusal(path, PAIR)
    put(path, {**pairs([0, 1]), "a": [1, 2]})
    said = "column 'a' has whole numbers, but must have text; write `.astype(str)`"
    assert said in refusal(path, PAIR)
    pq.write_table(pa.table(pairs([0])).slice(0, 0), path)
    assert "split train: empty" in refusal(path, PAIR)
    put(path, pairs([0.5, float("nan")]))
    regression = Selection(**{**vars(PAIR), "head": "regression", "labels": None})
    assert "row 1 (counted from 0): label nan is not a number" in refusal(path, regression)


def test_every_question_needs_an_answer(tmp_path: Path) -> None:
    """SQuAD v1.1 has no question without one; text and start come together."""
    path = tmp_path / "1.parquet"
    rows = {"context": ["a b"] * 2, "question": ["what"] * 2}
    good = {"text": ["b"], "answer_start": [2]}

    for bad in ({"text": [], "answer_start": []}, {"text": ["b"], "answer_start": []}):
        put(path, {**rows, "answers": [good, bad]})
        assert "row 1 (counted from 0): no answer with its start" in refusal(path, SPAN)
    put(path, {**rows, "answers": ["b", "a"]})
    assert "column 'answers' has text, but must have SQuAD's" in refusal(path, SPAN)


def test_categories_are_texts(tmp_path: Path) -> None:
    """As pandas writes a categorical column."""
    path = put(
        tmp_path / "1.parquet",
        {"text": pa.array(["x", "y", "x"]).dictionary_encode()},
    )
    mlm = Selection(task="mlm", head="mlm", split="train", text=("text",))

    assert prepare([path], mlm)["text_a"].to_pylist() == ["x", "y", "x"]
