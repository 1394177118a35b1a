"""Columns without pandas are those that pyarrow makes with it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from fake_metrics import state
from tickets import canonical, columns
from tickets.encoded import Encoded

SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"
TYPES = st.sampled_from(["i1", "i4", "i8", "f4", "f8"]).map(np.dtype)


def matrices(axes: int) -> st.SearchStrategy[NDArray[Any]]:
    shapes = array_shapes(min_dims=axes, max_dims=axes, min_side=0, max_side=9)
    return TYPES.flatmap(lambda kind: arrays(kind, shapes))


def same(found: pa.Array, expected: pa.Array) -> None:
    """Type, length and bits (a NaN differs from itself)."""
    found.validate(full=True)
    assert (found.type, len(found), found.null_count) == (expected.type, len(expected), 0)
    assert str(found.to_pylist()) == str(expected.to_pylist())


@given(matrices(1), st.sampled_from([1, 2, -1]))
def test_a_column_is_pyarrow_s(values: NDArray[Any], step: int) -> None:
    """Every type, and views too; what is read back is what was given."""
    found = columns.column(values[::step])

    same(found, pa.array(values[::step]))
    np.testing.assert_array_equal(columns.numbers(found), values[::step], strict=True)


@given(matrices(2))
def test_rows_are_lists(values: NDArray[Any]) -> None:
    """A matrix's rows, none of them and empty ones included."""
    same(
        columns.rows(values),
        pa.array(list(values), type=pa.list_(pa.from_numpy_dtype(values.dtype))),
    )


@given(st.lists(st.text()))
def test_texts_are_pyarrow_s(values: list[str]) -> None:
    """Whatever characters are in them."""
    same(columns.texts(values), pa.array(values, type=pa.string()))


@pytest.mark.parametrize("values", [np.ones((2, 2)), np.ones(2, bool), np.ones(2, ">i4")])
def test_what_is_no_column_of_numbers_is_refused(values: NDArray[Any]) -> None:
    """Its bytes would be read as other values."""
    with pytest.raises(ValueError, match="is not a column of numbers"):
        columns.column(values)


def test_reading_and_writing_data_needs_no_pandas(tmp_path: Path) -> None:
    """A process that reads encoded and canonical data and writes predictions imports none."""
    encoded, data = tmp_path / "encoded.arrow", tmp_path / "data.parquet"
    Encoded(
        tokens=np.arange(4, dtype=np.int32),
        types=np.zeros(4, np.int8),
        offsets=np.array([0, 2, 4]),
        example=np.arange(2, dtype=np.int32),
        columns={"offsets": np.zeros((4, 2), np.int32), "start": np.zeros(2, np.int32)},
        meta={},
    ).write(encoded)
    canonical.write(data, pa.table({"id": ["0", "1"], "context": ["a", "b"]}))
    for path in (encoded, data):
        state(path)
    job = (
        "import sys; from pathlib import Path; import numpy as np, pyarrow as pa\n"
        "from tickets import canonical, columns; from tickets.encoded import Encoded\n"
        "encoded, data, output = map(Path, sys.argv[1:])\n"
        "features, table = Encoded.read(encoded), canonical.read(data)\n"
        "made = {'id': table['id'], 'one': columns.column(features.columns['start']),\n"
        "    'two': columns.rows(np.ones((2, 2))), 'three': table['context'],\n"
        "    'four': columns.texts(table['context'].to_pylist())}\n"
        "canonical.write(output, pa.table(made))\n"
        "assert 'pandas' not in sys.modules\n"
    )

    subprocess.run(
        [sys.executable, "-c", job, encoded, data, tmp_path / "predictions.parquet"],
        env={"PYTHONPATH": str(SCRIPTS)},
        check=True,
    )
