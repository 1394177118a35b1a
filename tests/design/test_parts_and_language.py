"""Tasks on the language that a study generates, and parts of tasks: what is known of their data."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest
import yaml

from parquet_files import line
from tickets.commands import check
from tickets.design.config import load
from tickets.design.schema import alternatives
from tickets.language import generator

SMALL: dict[str, Any] = {
    "model": {
        "path": "google-bert/bert-base-uncased",
        "revision": "86b5e0934494bd15c9632b12f734a8a67f723594",
    },
    "tasks": {"rte": {"dataset": {"path": "language", "name": "entailment"}}},
    "language": {"train_examples": 500, "validation_examples": 50},
}


def refused(**values: Any) -> str:
    return line(lambda: load(SMALL | values))


def test_a_data_set_of_the_language_is_one_that_it_has() -> None:
    """A misspelt one gets the names there are; once, though the task's parts have it too."""
    misspelt = {"rte": {"dataset": {"path": "language", "name": "entailmnt"}}}

    assert refused(tasks=misspelt, subsets={"rte": [100, 200]}) == (
        "config: tasks.rte.dataset: entailmnt is not a task of the generated language; write name:"
        f" {alternatives(list(generator.TASKS))}"
    )


@pytest.mark.parametrize(("split", "rows"), [("train", 500), ("validation", 50)])
def test_the_language_has_the_examples_that_a_task_takes(split: str, rows: int) -> None:
    """Their number is known before they are generated."""
    task = SMALL["tasks"]["rte"]

    load(SMALL | {"tasks": {"rte": {**task, f"{split}_examples": rows}}})
    assert refused(tasks={"rte": {**task, f"{split}_examples": 501}}) == (
        f"config: tasks.rte: 501 examples of split {split}, which has {rows}; write at most {rows}"
    )


def test_a_part_is_no_larger_than_its_task() -> None:
    """Also where the task takes all rows, so that only the data says how many these are."""
    assert refused(subsets={"rte": [100, 501]}) == (
        "config: subsets.rte: 501 examples of split train, which has 500; write at most 500"
    )


def test_no_copy_stands_for_the_language(tmp_path: Path) -> None:
    """The study would generate its own all the same."""
    assert refused(local_copies={"language": str(tmp_path)}) == (
        "config: local_copies: language is the data set that a study generates; write the directory"
        " as a task's dataset.path"
    )


def test_parts_of_a_task_are_no_tasks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The check counts tasks as the plan does."""
    file = tmp_path / "study.yaml"
    file.write_text(yaml.safe_dump(SMALL | {"subsets": {"rte": [100, 200]}}))

    assert check.run(Namespace(config=[file])) == 0
    assert capsys.readouterr().out == f"{file}: a study of 1 tasks\n"
