"""The files with statements in a folder."""

from __future__ import annotations

from pathlib import Path

from tickets import provenance
from tickets.errors import Tampered
from tickets.statements import SUFFIX


def list_files_with_statements(folder: str | Path) -> list[Path]:
    """Every file in and below `folder` that has a statement there, sorted.

    Raises:
        Tampered: a statement has the name of no file.
    """
    try:
        return list(provenance.stated_below(Path(folder)))
    except ValueError:
        raise Tampered(
            f"{folder}: a statement in it or below is called {SUFFIX} alone and is about no file; "
            "delete it"
        ) from None
