"""Canonical data: tasks with the same head have the same columns; every row is checked.

classification: id, text_a, text_b, label int64. regression: the same, with label float64. mlm: the
same without label, but for the text of pre-training, with label int64. span: id, question, context,
answers, answer_start. `text_b` is null for single texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tickets import provenance
from tickets.errors import BadInput, collect
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
    columns = _columns(files[0], selection)
    source = pa.concat_tables([pq.read_table(file, columns=columns) for file in files])
    if source.num_rows == 0:
        raise _bad(selection, f"empty; put rows into {files[0]} or name another split")
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


def check_sample(file: Path, selection: Selection, rows: int) -> None:
    """Check the first `rows` rows of `file` as `prepare` checks all.

    Raises:
        BadInput: as `prepare`; each mistake says so if there are more rows.
    """
    columns = _columns(file, selection)
    source = pq.ParquetFile(file)
    try:
        _canonical(
            pa.Table.from_batches([next(source.iter_batches(rows, columns=columns))]), selection
        )
    except BadInput as error:
        if source.metadata.num_rows <= rows:
            raise
        checked = f" (only the first {rows:,} rows were checked)"
        raise BadInput(*(mistake + checked for mistake in error.mistakes)) from None


def _columns(file: Path, selection: Selection) -> list[str]:
    """The columns to read, the source's `id` among them if there is one."""
    columns = [*selection.text, *([selection.label] if selection.label else [])]
    names = pq.read_schema(file).names
    for name in columns:
        if name not in names:
            raise _bad(selection, f"no column {name!r} in {file}; it has {', '.join(names)}")
    return [*columns, *(["id"] if "id" in names and "id" not in columns else [])]


def _canonical(source: pa.Table, selection: Selection) -> pa.Table:
    kinds = dict.fromkeys(selection.text, pa.string())
    if selection.label is not None:
        kinds[selection.label] = LABELS.get(selection.head, pa.float64())
    converted = collect(
        partial(_convert, source[name], kind, selection, name) for name, kind in kinds.items()
    )
    columns = dict(zip(kinds, converted, strict=True))
    ids = _ids(source)
    texts = [columns[name] for name in selection.text]
    label = None if selection.label is None else columns[selection.label]
    if selection.head == "span":
        assert label is not None
        answers, starts = _answers(label, selection)
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
    if label is None:
        return table
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
            f"column {selection.label!r} has {_describe_type(kind)}, but must have SQuAD's"
            " {text, answer_start}",
        )
    struct = column.combine_chunks()
    texts = struct.field("text").cast(pa.list_(pa.string()))
    starts = struct.field("answer_start").cast(pa.list_(pa.int32()))
    text_counts, start_counts = (
        lists.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
        for lists in (texts, starts)
    )
    rows = np.flatnonzero((text_counts == 0) | (text_counts != start_counts))
    if rows.size:
        problem = f"{_describe_rows(rows)}: no answer with its start; every question needs one"
        raise _bad(selection, problem)
    return texts, starts


def _check_range(label: NDArray[Any], selection: Selection) -> None:
    if selection.labels is None:
        wrong, rule = ~np.isfinite(label), "a number; leave the row out"
    else:
        wrong = (label < 0) | (label >= selection.labels)
        rule = f"in 0 to {selection.labels - 1}; correct `labels`, or take a split with labels"
    rows = np.flatnonzero(wrong)
    if rows.size:
        raise _bad(selection, f"{_describe_rows(rows)}: label {label[rows[0]]} is not {rule}")


def _convert(
    column: pa.ChunkedArray, kind: pa.DataType | None, selection: Selection, name: str
) -> pa.ChunkedArray:
    """`column` as `kind`, every value there; both its mistakes together."""
    converted, _ = collect(
        partial(check, column, selection, name) for check in (partial(_cast, kind), _check_complete)
    )
    return converted


def _check_complete(column: pa.ChunkedArray, selection: Selection, name: str) -> pa.ChunkedArray:
    rows = np.flatnonzero(column.is_null().to_numpy())
    if rows.size:
        problem = f"{_describe_rows(rows)}: no value in column {name!r}; leave out such rows"
        raise _bad(selection, problem)
    return column


def _cast(
    kind: pa.DataType | None, column: pa.ChunkedArray, selection: Selection, name: str
) -> pa.ChunkedArray:
    if kind is None:
        return column
    if pa.types.is_string(kind) == (_describe_type(column.type) == TEXT):
        with suppress(pa.ArrowInvalid, pa.ArrowNotImplementedError):
            return column.cast(kind)
    wanted, remedy = WANTED[kind]
    problem = f"column {name!r} has {_describe_type(column.type)}, but must have {wanted}; {remedy}"
    raise _bad(selection, problem)


LABELS = {"classification": pa.int64(), "mlm": pa.int64(), "span": None}
"""The type of a head's labels, if they are not numbers; answers are checked apart."""
TEXT = "text"
WANTED = {
    pa.string(): (TEXT, "write `.astype(str)`"),
    pa.int64(): ("whole numbers", "number the classes from 0"),
    pa.float64(): ("numbers", "write numbers"),
}
"""What a column of a type must have, and what to write."""


def _describe_type(kind: pa.DataType) -> str:
    """What a column of a type has, in words; `TEXT` for all kinds of text, categories included."""
    types = pa.types
    if types.is_dictionary(kind):
        return _describe_type(kind.value_type)
    for words, tests in (
        (TEXT, (types.is_string, types.is_large_string, types.is_string_view)),
        ("whole numbers", (types.is_integer,)),
        ("numbers", (types.is_floating,)),
        ("lists", (types.is_list, types.is_large_list, types.is_fixed_size_list)),
    ):
        if any(test(kind) for test in tests):
            return words
    return str(kind)


def _describe_rows(rows: NDArray[np.int64]) -> str:
    """Which rows, in words."""
    first = f"row {rows[0]} (counted from 0)"
    return first if rows.size == 1 else f"{rows.size:,} rows, the first {first}"


def _bad(selection: Selection, problem: str) -> BadInput:
    return BadInput(f"tasks.{selection.task}, split {selection.split}: {problem}")
