"""Encoded examples: token ids in one flat array, ready for training. numpy and pyarrow only.

Legend: n features (a feature is an example, or a window of one), T tokens of all features together.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
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
PAIRS = "offsets"  # the one ragged column with two numbers a token
RAGGED = ("labels", PAIRS)  # columns with one entry a token; all others have one a feature


@dataclass(frozen=True, kw_only=True)
class Encoded:
    """The features of one split of one task.

    tokens: int32 [T]. types: int8 [T], the token's segment. offsets: int64 [n + 1], feature i is
    `tokens[offsets[i]:offsets[i + 1]]`. example: int32 [n], the row of the data it comes from.
    columns, by head:
        classification: label int32 [n]; regression: label float32 [n];
        span: start, end, context_begin, context_end int32 [n], token positions within the feature,
            `end` included, `context_end` not; 0, 0 where the answer is not in the window;
            validation also offsets int32 [T, 2], characters of the context, 0, 0 outside it;
        mlm: validation only, labels int32 [T], -100 where nothing is to be predicted.
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

    def ids(self, rows: pa.ChunkedArray) -> pa.ChunkedArray | pa.Array:
        """An id for each feature of an mlm task: its row's, or its own where texts were joined."""
        if len(self) == len(rows):
            return rows
        return texts([f"sequence-{number}" for number in range(len(self))])

    def write(self, path: Path) -> None:
        """Write an uncompressed Arrow file with one row a feature, atomically."""
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
        """The features at `path`; the arrays are views of the very bytes that were verified.

        Raises:
            Tampered: file and statement differ, or it is not a file that `write` wrote.
        """
        try:
            file = pa.ipc.open_file(pa.py_buffer(provenance.read(path)))
            meta = json.loads((file.schema.metadata or {})[METADATA_KEY])
            batch = file.get_batch(0)
        except (pa.ArrowInvalid, KeyError, ValueError, IndexError):
            raise Tampered(
                f"{path}: not an encoded data set; delete it to have it made again"
            ) from None
        found = dict(zip(batch.schema.names, batch.columns, strict=True))
        input_ids = found.pop("input_ids")
        return cls(
            tokens=_flat(input_ids),
            types=_flat(found.pop("token_type_ids")),
            offsets=numbers(input_ids.offsets).astype(np.int64),
            example=numbers(found.pop("example")),
            columns={name: _column(name, values) for name, values in found.items()},
            meta=meta,
        )


def _flat(values: pa.ListArray) -> NDArray[Any]:
    return numbers(values.values)


def _column(name: str, values: pa.Array) -> NDArray[Any]:
    if name not in RAGGED:
        return numbers(values)
    return _flat(values).reshape(-1, 2) if name == PAIRS else _flat(values)
