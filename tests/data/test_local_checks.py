from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from parquet_files import ROWS, line, put
from tickets.data.local_checks import SAMPLE, check_local, empty_texts, unused_classes
from tickets.errors import BadInput
from tickets.tasks import task


def test_local_data_is_checked(tmp_path: Path) -> None:
    """Columns and empty splits are known before anything runs."""
    copies = {"nyu-mll/glue": str(tmp_path)}
    put(tmp_path / "cola/train-00000-of-00001.parquet")
    validation = tmp_path / "cola/validation-00000-of-00001.parquet"

    assert "no validation-*" in line(lambda: check_local(task("cola"), copies))
    put(validation)
    check_local(task("cola"), copies)
    other = task("cola", {"label": "stars"})
    message = line(lambda: check_local(other, copies))
    assert "no column 'stars' in" in message
    assert "it has sentence, label" in message
    pq.write_table(pa.table(ROWS).slice(0, 0), validation)
    assert "split validation is empty" in line(lambda: check_local(task("cola"), copies))
    validation.write_bytes(b"version https://git-lfs")
    assert "not a parquet file" in line(lambda: check_local(task("cola"), copies))


def test_what_is_not_here_is_checked_as_far_as_it_goes() -> None:
    """A hub id by its revision; the generated language is made later."""
    check_local(task("cola"), {})
    check_local(task("cola", {"dataset": {"path": "language", "name": "acceptability"}}), {})

    unpinned = task("cola", {"dataset": {"path": "nyu-mll/glue", "name": "cola"}})
    assert "needs a revision" in line(lambda: check_local(unpinned, {}))


def test_the_values_of_the_first_rows_are_checked(tmp_path: Path) -> None:
    """As the job checks all of them later."""
    copies = {"nyu-mll/glue": str(tmp_path)}
    train = tmp_path / "cola/train-00000-of-00001.parquet"
    put(tmp_path / "cola/validation-00000-of-00001.parquet")

    for labels, said in (
        (["yes", "no"], "column 'label' has text, but must have whole numbers"),
        ([[0], [1]], "column 'label' has lists, but must have whole numbers"),
        ([0, 2], "row 1 (counted from 0): label 2 is not in 0 to 1"),
        ([0, None], "row 1 (counted from 0): no value in column 'label'"),
    ):
        put(train, {"sentence": ["one", "two"], "label": labels})
        assert said in line(lambda: check_local(task("cola"), copies))

    put(train, {"sentence": ["one"] * (SAMPLE + 1), "label": [0] * SAMPLE + [2]})
    check_local(task("cola"), copies)


def test_all_mistakes_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    """And that no row after the first ones was looked at."""
    copies = {"nyu-mll/glue": str(tmp_path)}
    train = tmp_path / "cola/train-00000-of-00001.parquet"
    put(tmp_path / "cola/validation-00000-of-00001.parquet")
    put(
        train,
        {"sentence": [None, "one"] * SAMPLE, "label": ["yes", "no", None, "no"] * (SAMPLE // 2)},
    )

    with pytest.raises(BadInput) as caught:
        check_local(task("cola"), copies)

    of_train, checked = "tasks.cola, split train:", "(only the first 1,000 rows were checked)"
    assert caught.value.mistakes == [
        f"{of_train} 500 rows, the first row 0 (counted from 0): no value in column 'sentence';"
        f" leave out such rows {checked}",
        f"{of_train} column 'label' has text, but must have whole numbers; number the classes from"
        f" 0 {checked}",
        f"{of_train} 250 rows, the first row 2 (counted from 0): no value in column 'label'; leave"
        f" out such rows {checked}",
    ]


def test_classes_without_examples_are_found(tmp_path: Path) -> None:
    """Of a local training split; nothing is known of one on the hub."""
    put(tmp_path / "cola/train-00000-of-00001.parquet")
    here = {"nyu-mll/glue": str(tmp_path)}

    assert unused_classes(task("cola"), here) == []
    assert unused_classes(task("cola", {"labels": 4}), here) == [2, 3]
    assert unused_classes(task("cola", {"labels": 4}), {}) == []
    assert unused_classes(task("stsb"), here) == []


def test_empty_texts_are_counted(tmp_path: Path) -> None:
    """Blanks alone are empty too. Text for MLM may have empty lines."""
    here = {"nyu-mll/glue": str(tmp_path)}
    train = tmp_path / "rte/train-00000-of-00001.parquet"
    rows = {"sentence1": ["one", "", " \t", "two"], "sentence2": list("abcd"), "label": [0, 1] * 2}
    put(train, rows)

    assert empty_texts(task("rte"), here) == {"sentence1": 2}
    assert empty_texts(task("rte"), {}) == {}
    text = {"dataset": {"path": str(tmp_path), "name": "rte"}, "text": ["sentence1"]}
    assert empty_texts(task("mlm", text), {}) == {}
