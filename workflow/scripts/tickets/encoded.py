"""Encoded examples: token ids in one flat array, ready for training. Needs only numpy and pyarrow.

Legend: n features (a feature is an example, or a window of one), T tokens in total.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tickets import provenance
from tickets.columns import column, lists, numbers, texts
from tickets.errors import Tampered
from tickets.files import canonical_json, replacing

METADATA_KEY = b"tickets"
PAIRS = "offsets"  # the only ragged column with two numbers per token
RAGGED = ("labels", PAIRS)  # columns with an entry per token; others have one per feature


@dataclass(frozen=True, kw_only=True)
class Encoded:
    """The features of one split of one task.

    tokens: int32 [T]. types: int8 [T], each token's segment. offsets: int64 [n + 1]; feature i is
    `tokens[offsets[i]:offsets[i + 1]]`. example: int32 [n], the row of data that it comes from.
    columns, by head:
        classification: label int32 [n]; regression: label float32 [n];
        span: start, end, context_begin, context_end int32 [n], token positions within the feature,
            `end` inclusive, `context_end` exclusive; start and end are 0 if the window does not
            contain the answer; for validation also offsets int32 [T, 2], each token's characters
            in the context, 0, 0 outside it;
        mlm: for validation only, labels int32 [T], -100 where nothing is to be predicted; for
            pre-training label int32 [n], 0 where the second text belongs to the first, 1 elsewhere.
    meta: head, vocab_size, mask_id, pad_id, special_ids, max_length.
    """

    tokens: NDArray[np.int32]
    types: NDArray[np.int8]
    offsets: NDArray[np.int64]
    example: NDArray[np.int32]
    columns: Mapping[str, NDArray[Any]] = field(default_factory=dict[str, NDArray[Any]])
    meta: Mapping[str, Any]

    def __len__(self) -> int:
        """The number of features."""
        return len(self.example)

    def take(self, features: NDArray[np.integer]) -> Encoded:
        """These features, in this order, of a data set without ragged columns."""
        begins = self.offsets[features]
        lengths = self.offsets[features + 1] - begins
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        source = np.arange(offsets[-1]) + np.repeat(begins - offsets[:-1], lengths)
        return replace(
            self,
            tokens=self.tokens[source],
            types=self.types[source],
            offsets=offsets,
            example=self.example[features],
            columns={name: values[features] for name, values in self.columns.items()},
        )

    def ids(self, rows: pa.ChunkedArray) -> pa.ChunkedArray | pa.Array:
        """An id for each feature of an mlm task: its row's; if texts were joined, or one was left
        out, a new one.
        """
        if len(self) == len(rows):
            return rows
        return texts([f"sequence-{number}" for number in range(len(self))])

    def write(self, path: Path) -> None:
        """Write an uncompressed Arrow file with one row per feature, atomically."""
        arrays: dict[str, pa.Array] = {
            "example": column(self.example),
            "input_ids": lists(self.offsets, self.tokens),
            "token_type_ids": lists(self.offsets, self.types),
        }
        for name, values in self.columns.items():
            if name in RAGGED:
                width = 2 if name == PAIRS else 1
                arrays[name] = lists(self.offsets * width, values.reshape(-1))
            else:
                arrays[name] = column(values)
        batch = pa.RecordBatch.from_pydict(
            arrays, metadata={METADATA_KEY: canonical_json(self.meta)}
        )
        with (
            replacing(path) as temporary,
            pa.OSFile(str(temporary), "wb") as sink,
            pa.ipc.new_file(sink, batch.schema) as writer,
        ):
            writer.write_batch(batch)

    @classmethod
    def read(cls, path: Path) -> Encoded:
        """The features at `path`; the arrays are views of the verified bytes.

        Raises:
            Tampered: file and statement differ, or `write` has not written the file.
        """
        try:
            file = pa.ipc.open_file(pa.py_buffer(provenance.read(path)))
            meta = json.loads((file.schema.metadata or {})[METADATA_KEY])
            batch = file.get_batch(0)
        except (pa.ArrowInvalid, KeyError, ValueError, IndexError):
            raise Tampered(
                f"{path}: not an encoded data set; delete it to have it made again"
            ) from None
        columns = dict(zip(batch.schema.names, batch.columns, strict=True))
        input_ids = columns.pop("input_ids")
        return cls(
            tokens=_flatten(input_ids),
            types=_flatten(columns.pop("token_type_ids")),
            offsets=numbers(input_ids.offsets).astype(np.int64),
            example=numbers(columns.pop("example")),
            columns={name: _to_array(name, values) for name, values in columns.items()},
            meta=meta,
        )


def _flatten(values: pa.ListArray) -> NDArray[Any]:
    return numbers(values.values)


def _to_array(name: str, values: pa.Array) -> NDArray[Any]:
    if name not in RAGGED:
        return numbers(values)
    return _flatten(values).reshape(-1, 2) if name == PAIRS else _flatten(values)
