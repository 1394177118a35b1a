"""Read a file again after it was hashed, and refuse it if it has changed since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tickets.audit.findings import Files
from tickets.errors import BadInput, Tampered
from tickets.files import read_bytes, sha256
from tickets.masks import PackedMask, packed_from_bytes


@dataclass(frozen=True, kw_only=True)
class Sources:
    """The files that a check may read: the sha256 of each, by path relative to `root`."""

    root: Path
    digests: Mapping[str, str]

    def read(self, path: str) -> bytes:
        """The content of one of them.

        Raises:
            Tampered: it has changed since it was hashed.
        """
        data = read_bytes(self.root / path)
        if sha256(data) != self.digests[path]:
            message = f"{path}: it changed after it was first read; audit again"
            raise Tampered(message, "changed-meanwhile")
        return data

    def parquet(self, path: str) -> pa.Table:
        """The table in one of them.

        Raises:
            BadInput: it is not a parquet file, or claims more rows than it can hold.
            Tampered: it has changed since it was hashed.
        """
        data = self.read(path)
        try:
            file = pq.ParquetFile(pa.BufferReader(data))
            # A row has a name or scores of its own, so it takes at least a byte.
            claimed, possible = file.metadata.num_rows, len(data)
            if claimed <= possible:
                return file.read()
        except Exception as error:  # noqa: BLE001 - a foreign file may make a parser raise anything
            raise BadInput(f"not a parquet file ({type(error).__name__})") from None
        raise BadInput(f"claims {claimed:,} rows in {possible:,} bytes")

    def mask(self, path: str) -> PackedMask:
        """The mask in one of them.

        Raises:
            BadInput: it is not a mask.
            Tampered: it has changed since it was hashed.
        """
        return packed_from_bytes(self.read(path), path)


def is_intact(files: Files, path: str) -> bool:
    """Whether the file is here and has its statement's digest; other checks report the rest."""
    statement = files.statements.get(path)
    return statement is not None and files.digests.get(path) == statement.digest
