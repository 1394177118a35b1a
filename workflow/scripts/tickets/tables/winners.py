"""The table of winning sparsities as others read it.

The job that chooses a winning mask reads it, too: this module therefore imports nothing that a new
table or path changes.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

from tickets import provenance
from tickets.errors import BadInput

COLUMNS = ("task", "criterion", "sparsity")


def read(path: Path) -> dict[tuple[str, str], str]:
    """The label of the winning sparsity of each task and criterion, from the table's file.

    Raises:
        BadInput: the file is not this table.
        Tampered: file and statement differ.
    """
    return parse(provenance.read(path), str(path))


def parse(data: bytes, origin: str) -> dict[tuple[str, str], str]:
    """As `read`, from the file's content; `origin` names the file in errors.

    Raises:
        BadInput: the content is not this table.
    """
    try:
        header, *rows = csv.reader(io.StringIO(data.decode()))
        sparsities = {(task, criterion): label for task, criterion, label in rows}
    except (ValueError, csv.Error):
        header, sparsities = [], {}
    if tuple(header) != COLUMNS:
        raise BadInput(f"{origin}: no table of winning sparsities; make it with winning_sparsities")
    return sparsities
