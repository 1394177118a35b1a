"""Canonical data: tasks with the same head have the same columns; every row is checked.

classification: id, text_a, text_b, label int64. regression: the same, with label float64. mlm: the
same without label, but for the text of pre-training, with label int64. span: id, question, context,
answers, answer_start. `text_b` is null for single texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tickets import provenance
from tickets.errors import BadInput
from tickets.files import replacing
from tickets.flags import filled, flag
from tickets.seeds import derive


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which rows and columns of its data set a task uses; see `tasks.Task` for the fields."""

    task: str = flag("the task's name", form="task")
    head: str = flag("classification, regression, span or mlm", form="head")
    split: str = filled("text", default="")
    text: Sequence[str] = flag("text columns, one or two", most=2)
    label: str | None = flag(
        "label column", default=None, null=True, form={"type": "string", "minLength": 1}
    )
    labels: int | None = flag(
        "number of classes", default=None, null=True, form={"type": "integer", "minimum": 2}
    )
    examples: int | None = filled({"type": "integer", "minimum": 1}, default=None, null=True)


def read(path: Path) -> pa.Table:
    """The canonical data or the predictions at `path`.

    Raises:
        Tampered: file and statement differ.
    """
    # read_table would import pandas, which is slow.
    return pq.ParquetFile(pa.BufferReader(provenance.read(path))).read()


def write(path: Path, table: pa.Table) -> None:
    """Write `table` to a parquet file, atomically."""
    with replacing(path) as temporary:
        pq.write_table(table, temporary)


def prepare(files: Sequence[Path], selection: Selection) -> pa.Table:
    """The canonical rows of `files`, in source order: all, or a random subset of `examples` rows.

    A smaller subset is contained in every larger one. The id is the source's `id` if all values
    differ, or else the row's number in the source.

    Raises:
        BadInput: a missing column or value, a label out of range, a split that is empty or too
            small.
    """
    columns = [*selection.text, *([selection.label] if selection.label else [])]
    names = pq.read_schema(files[0]).names
    for name in columns:
        if name not in names:
            raise _bad(selection, f"no column {name!r} in {files[0]}; it has {', '.join(names)}")
    with_id = [*columns, *(["id"] if "id" in names and "id" not in columns else [])]
    source = pa.concat_tables([pq.read_table(file, columns=with_id) for file in files])
    if source.num_rows == 0:
        raise _bad(selection, f"empty; put rows into {files[0]} or name another split")
    for name in columns:
        _check_complete(source[name], selection, name)
    table = _canonical(source, selection)
    examples = selection.examples
    if examples is None:
        return table
    if examples > table.num_rows:
        raise _bad(selection, f"{table.num_rows} rows; {examples} examples cannot be drawn")
    order = np.random.default_rng(derive(0, f"subset of {selection.split}")).permutation(
        table.num_rows
    )
    return table.take(np.sort(order[:examples]))


def _canonical(source: pa.Table, selection: Selection) -> pa.Table:
    ids = _ids(source)
    texts = [_cast(source[name], pa.string(), selection, name) for name in selection.text]
    if selection.head == "span":
        assert selection.label is not None
        answers, starts = _answers(source[selection.label], selection)
        return pa.table(
            {
                "id": ids,
                "question": texts[0],
                "context": texts[1],
                "answers": answers,
                "answer_start": starts,
            }
        )
    second = texts[1] if len(texts) == 2 else pa.nulls(source.num_rows, pa.string())
    table = pa.table({"id": ids, "text_a": texts[0], "text_b": second})
    if selection.label is None:
        return table
    kind = pa.int64() if selection.head in ("classification", "mlm") else pa.float64()
    label = _cast(source[selection.label], kind, selection, selection.label)
    _check_range(label.to_numpy(), selection)
    return table.append_column("label", label)


def _ids(source: pa.Table) -> pa.ChunkedArray | pa.Array:
    if "id" in source.column_names:
        ids = source["id"]
        if ids.null_count == 0 and len(ids.unique()) == len(ids):
            return ids.cast(pa.string())
    return pa.array(range(source.num_rows)).cast(pa.string())


def _answers(column: pa.ChunkedArray, selection: Selection) -> tuple[pa.Array, pa.Array]:
    kind = column.type
    if not pa.types.is_struct(kind) or {"text", "answer_start"} - {field.name for field in kind}:
        raise _bad(
            selection,
            f"column {selection.label!r} is {kind}, but must be SQuAD's {{text, answer_start}}",
        )
    struct = column.combine_chunks()
    texts = struct.field("text").cast(pa.list_(pa.string()))
    starts = struct.field("answer_start").cast(pa.list_(pa.int32()))
    text_counts, start_counts = (
        lists.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
        for lists in (texts, starts)
    )
    for row in np.flatnonzero((text_counts == 0) | (text_counts != start_counts)):
        raise _bad(selection, f"row {row}: no answer with its start; every question needs one")
    return texts, starts


def _check_range(label: NDArray[Any], selection: Selection) -> None:
    if selection.labels is None:
        wrong, rule = ~np.isfinite(label), "a number; leave the row out"
    else:
        wrong = (label < 0) | (label >= selection.labels)
        rule = f"in 0 to {selection.labels - 1}; correct `labels`, or take a split with labels"
    for row in np.flatnonzero(wrong):
        raise _bad(selection, f"row {row}: label {label[row]} is not {rule}")


def _check_complete(column: pa.ChunkedArray, selection: Selection, name: str) -> None:
    for row in np.flatnonzero(column.is_null().to_numpy()):
        raise _bad(selection, f"row {row}: no value in column {name!r}; leave the row out")


def _cast(
    column: pa.ChunkedArray, kind: pa.DataType, selection: Selection, name: str
) -> pa.ChunkedArray:
    text = pa.types.is_string(kind)
    if text == (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        try:
            return column.cast(kind)
        except pa.ArrowInvalid:
            pass
    remedies = {pa.string(): "write text", pa.int64(): "number the classes from 0"}
    remedy = remedies.get(kind, "write numbers")
    raise _bad(selection, f"column {name!r} is {column.type}, but must be {kind}; {remedy}")


def _bad(selection: Selection, problem: str) -> BadInput:
    return BadInput(f"tasks.{selection.task}, split {selection.split}: {problem}")
