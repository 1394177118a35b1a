"""The table of winning sparsities, as jobs read it that should start light: without pandas."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from tickets import provenance
from tickets.errors import BadInput

COLUMNS = ("task", "criterion", "sparsity")
NONE = "0"
"""The sparsity of a task without a winning ticket."""


def read(path: Path) -> dict[tuple[str, str], str]:
    """The label of the winning sparsity of each task and criterion, from the table's file.

    Raises:
        BadInput: the file is another table.
        Tampered: file and statement differ.
    """
    return parse(provenance.read(path), str(path))


def parse(data: bytes, origin: str) -> dict[tuple[str, str], str]:
    """The same from the file's content; `origin` names it in errors.

    Raises:
        BadInput: it is another table.
    """
    try:
        header, *rows = csv.reader(io.StringIO(data.decode()))
        found = {(task, criterion): label for task, criterion, label in rows}
    except (ValueError, csv.Error):
        header, found = [], {}
    if tuple(header) != COLUMNS:
        raise BadInput(f"{origin}: no table of winning sparsities; make it with winning_sparsity")
    return found
