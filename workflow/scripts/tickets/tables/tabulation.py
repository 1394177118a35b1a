"""What the commands that make tables share: where the scores are, and what statements record.

A statement holds every flag but those that name files, so that a table can be made again from its
statement and the files that it was made from (`audit.tables` does).
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from tickets import files, provenance


def add_tasks(parser: argparse.ArgumentParser) -> None:
    """Add the flags that say where the scores are and whose are wanted."""
    parser.add_argument("--metrics", type=Path, required=True, help="scores of the trainings")
    parser.add_argument("--tasks", nargs="+", required=True, help="the study's tasks, in its order")


def add_cells(parser: argparse.ArgumentParser) -> None:
    """Add the same, and those that say which cells."""
    add_tasks(parser)
    parser.add_argument("--sparsity", type=float, required=True, help="fraction pruned, 0 to 1")
    parser.add_argument("--rewind", type=float, required=True, help="percent of training")


def read_metrics(path: Path) -> pd.DataFrame:
    """The scores at `path`.

    Raises:
        Tampered: file and statement differ.
    """
    return pd.read_parquet(io.BytesIO(provenance.read(path)))


def read_table(path: Path) -> pd.DataFrame:
    """The table at `path`.

    Raises:
        Tampered: file and statement differ.
    """
    return pd.read_csv(io.BytesIO(provenance.read(path)))


def write(
    outputs: Mapping[Path, bytes],
    *,
    rule: str,
    parameters: Mapping[str, Any],
    dependencies: Mapping[str, Path],
    started: datetime,
) -> None:
    """Write every output with a statement: `parameters` are those that `recorded` gives."""
    for path, content in outputs.items():
        files.write_bytes(path, content)
    provenance.write(
        *outputs,
        rule=rule,
        parameters=parameters,
        dependencies=dependencies,
        started=started,
    )


def recorded(flags: argparse.Namespace) -> dict[str, Any]:
    """The flags that name no file, as a statement holds them: fractions are text."""
    return {name: _plain(value) for name, value in vars(flags).items() if not _is_file(value)}


def _is_file(value: Any) -> bool:
    several = isinstance(value, list | tuple)
    return any(map(_is_file, value)) if several else isinstance(value, Path)


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return repr(value) if isinstance(value, float) else value
