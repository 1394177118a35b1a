from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tickets import provenance
from tickets.encoded import Encoded
from tickets.errors import Tampered

META = {
    "head": "span",
    "vocab_size": 9,
    "mask_id": 4,
    "pad_id": 0,
    "special_ids": [0, 2],
    "max_length": 5,
}


def made_of(lengths: list[int], **columns: Any) -> Encoded:
    offsets = np.cumsum([0, *lengths], dtype=np.int64)
    return Encoded(
        tokens=np.arange(offsets[-1], dtype=np.int32),
        types=(np.arange(offsets[-1]) % 2).astype(np.int8),
        offsets=offsets,
        example=np.arange(len(lengths), dtype=np.int32) // 2,
        columns=columns,
        meta=META,
    )


def stored(encoded: Encoded, path: Path) -> Path:
    encoded.write(path)
    provenance.write(path, rule="encode", parameters={}, dependencies={}, started=provenance.now())
    return path


@settings(max_examples=25)
@given(st.lists(st.integers(1, 7), min_size=1, max_size=20), st.booleans())
def test_what_is_read_is_what_was_written(lengths: list[int], validation: bool) -> None:
    """Every array with its type, whatever the lengths; pairs of offsets stay pairs."""
    total = sum(lengths)
    columns: dict[str, Any] = {"start": np.arange(len(lengths), dtype=np.int32)}
    if validation:
        columns["offsets"] = np.arange(2 * total, dtype=np.int32).reshape(total, 2)
        columns["labels"] = np.full(total, -100, np.int32)
    encoded = made_of(lengths, **columns)

    with tempfile.TemporaryDirectory() as folder:
        found = Encoded.read(stored(encoded, Path(folder) / "train.arrow"))

    assert len(found) == len(lengths)
    assert found.meta == META
    assert found.columns.keys() == columns.keys()
    for name in ("tokens", "types", "offsets", "example"):
        np.testing.assert_array_equal(getattr(found, name), getattr(encoded, name), strict=True)
    for name, values in columns.items():
        np.testing.assert_array_equal(found.columns[name], values, strict=True)


def test_the_file_has_one_row_a_feature(tmp_path: Path) -> None:
    """Any Arrow reader sees lists of tokens, uncompressed, with the metadata under one key."""
    made_of([2, 1], label=np.array([1, 0], np.int32)).write(tmp_path / "x.arrow")

    with pa.memory_map(str(tmp_path / "x.arrow")) as source:
        table = pa.ipc.open_file(source).read_all()
        assert table.select(["input_ids", "token_type_ids", "label"]).to_pydict() == {
            "input_ids": [[0, 1], [2]],
            "token_type_ids": [[0, 1], [0]],
            "label": [1, 0],
        }
        assert list(table.schema.metadata) == [b"tickets"]


def test_equal_data_gives_equal_files(tmp_path: Path) -> None:
    """Nothing of time or place is in the file."""
    for name in ("a.arrow", "b.arrow"):
        made_of([3, 2]).write(tmp_path / name)

    assert (tmp_path / "a.arrow").read_bytes() == (tmp_path / "b.arrow").read_bytes()


def test_what_differs_from_its_statement_is_not_read(tmp_path: Path) -> None:
    """A changed byte, a missing statement and a file of another kind are all refused."""
    path = stored(made_of([3, 2]), tmp_path / "train.arrow")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(Tampered):
        Encoded.read(path)

    made_of([1]).write(tmp_path / "bare.arrow")
    with pytest.raises(Tampered):
        Encoded.read(tmp_path / "bare.arrow")

    other = tmp_path / "other.arrow"
    other.write_bytes(b"not arrow")
    provenance.write(other, rule="x", parameters={}, dependencies={}, started=provenance.now())
    with pytest.raises(Tampered, match="not an encoded data set"):
        Encoded.read(other)


def test_features_are_taken_in_the_order_asked_for() -> None:
    """Each with its tokens, types, row and values, and none of another's."""
    encoded = made_of([2, 1, 3, 4], label=np.array([5, 6, 7, 8], np.int32))

    found = encoded.take(np.array([3, 1, 0]))

    assert found.tokens.tolist() == [6, 7, 8, 9, 2, 0, 1]
    assert found.types.tolist() == [0, 1, 0, 1, 0, 0, 1]
    assert found.offsets.tolist() == [0, 4, 5, 7]
    assert found.example.tolist() == [1, 0, 0]
    assert found.columns["label"].tolist() == [8, 6, 5]
    assert found.meta == META


def test_ids_are_the_rows_or_the_sequences_own() -> None:
    """Where texts were joined, a sequence is no row."""
    rows = pa.chunked_array([["a", "b"]])

    assert made_of([1, 1]).ids(rows).to_pylist() == ["a", "b"]
    assert made_of([1, 1, 1]).ids(rows).to_pylist() == ["sequence-0", "sequence-1", "sequence-2"]
