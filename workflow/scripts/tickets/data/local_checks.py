"""Checks of a task's data set before anything runs, as far as it is on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tickets.canonical import Selection, check_sample
from tickets.data.sources import check_revision, local_directory, parquet_files
from tickets.errors import BadInput
from tickets.language.generator import Language
from tickets.tasks import LANGUAGE, Task

SAMPLE = 1000
"""Rows of each file whose values are checked."""


def check_local(task: Task, local_copies: Mapping[str, str]) -> None:
    """Check that a task's data set can be used.

    For local files, check names, columns, that there are rows, and the first rows' values; for a
    hub id, only its revision; for the generated language, nothing: it does not exist yet.

    Raises:
        BadInput: something is missing or wrong.
    """
    data = task.dataset
    if data.path == LANGUAGE:
        return
    root = local_directory(data.path, local_copies)
    if root is None:
        check_revision(data.path, data.revision)
        return
    for split in (task.train_split, task.validation_split):
        files = parquet_files(root, data.name, split)
        counts = {file: _count_rows(file) for file in files}
        if not any(counts.values()):
            raise BadInput(f"tasks.{task.name}: split {split} is empty ({files[0]})")
        for file, count in counts.items():
            if count:
                check_sample(file, select(task, split), SAMPLE)


def check_size(task: Task, language: Language, local_copies: Mapping[str, str], key: str) -> None:
    """Check that the splits of a task have as many rows as it takes; `key` says how many these are.

    Raises:
        BadInput: a split whose number of rows is known has fewer.
    """
    for split, examples in examples_taken(task).items():
        rows = rows_of(task, split, language, local_copies)
        if examples is not None and rows is not None and examples > rows:
            raise BadInput(
                f"{key}: {examples} examples of split {split}, which has {rows}; write at most"
                f" {rows}"
            )


def examples_taken(task: Task) -> dict[str, int | None]:
    """How many examples a task takes of each of its splits; None: all."""
    return {
        task.train_split: task.train_examples,
        task.validation_split: task.validation_examples,
    }


def rows_of(
    task: Task, split: str, language: Language, local_copies: Mapping[str, str]
) -> int | None:
    """The rows of a split that is on this machine, or will be generated; None: it is on the hub."""
    data = task.dataset
    if data.path == LANGUAGE:
        return language.train_examples if split == "train" else language.validation_examples
    root = local_directory(data.path, local_copies)
    return None if root is None else sum(map(_count_rows, parquet_files(root, data.name, split)))


def unused_classes(task: Task, local_copies: Mapping[str, str]) -> list[int]:
    """The classes of which a local training split has no example."""
    if task.label is None or task.labels is None:
        return []
    files = _training_files(task, local_copies)
    used = {
        int(label)
        for file in files
        for label in pq.read_table(file, columns=[task.label])[task.label].unique().to_pylist()
    }
    return sorted(set(range(task.labels)) - used) if files else []


def empty_texts(task: Task, local_copies: Mapping[str, str]) -> dict[str, int]:
    """The columns of a local training split in which texts are empty, and in how many rows.

    Text for MLM has empty lines between paragraphs: it is not looked at.
    """
    if task.head == "mlm":
        return {}
    counts = dict.fromkeys(task.text, 0)
    for file in _training_files(task, local_copies):
        for name, texts in pq.read_table(file, columns=list(task.text)).to_pydict().items():
            counts[name] += sum(text is not None and not text.strip() for text in texts)
    return {name: count for name, count in counts.items() if count}


def select(task: Task, split: str) -> Selection:
    """What a task uses of a split, whatever the number of examples."""
    return Selection(
        task=task.name,
        head=task.head,
        split=split,
        text=task.text,
        label=task.label,
        labels=task.labels,
    )


def _training_files(task: Task, local_copies: Mapping[str, str]) -> tuple[Path, ...]:
    """The files of a training split; none if they are generated, or on the hub."""
    if task.dataset.path == LANGUAGE:
        return ()
    root = local_directory(task.dataset.path, local_copies)
    return () if root is None else parquet_files(root, task.dataset.name, task.train_split)


def _count_rows(file: Path) -> int:
    try:
        return int(pq.read_metadata(file).num_rows)
    except pa.ArrowInvalid:
        raise BadInput(f"{file}: not a parquet file; fetch it again") from None
