"""What the commands that make tables share: which cells they are asked for, and how they write."""

from __future__ import annotations

import argparse
import io
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import pandas as pd

from tickets import files, provenance


def add_cells(parser: argparse.ArgumentParser) -> None:
    """Add the flags that say where the scores are and which cells are wanted."""
    parser.add_argument("--metrics", type=Path, required=True, help="scores of the trainings")
    parser.add_argument("--tasks", nargs="+", required=True, help="the study's tasks, in its order")
    parser.add_argument("--sparsity", type=float, required=True, help="fraction pruned, 0 to 1")
    parser.add_argument("--rewind", type=float, required=True, help="percent of training")


def read_metrics(path: Path) -> pd.DataFrame:
    """The scores at `path`.

    Raises:
        Tampered: file and statement differ.
    """
    return pd.read_parquet(io.BytesIO(provenance.read(path)))


def write(
    outputs: Mapping[Path, bytes], *, rule: str, flags: argparse.Namespace, started: datetime
) -> None:
    """Write every output with a statement that names the cells and the scores."""
    for path, content in outputs.items():
        files.write_bytes(path, content)
    provenance.write(
        *outputs,
        rule=rule,
        parameters={
            "tasks": flags.tasks,
            "sparsity": repr(flags.sparsity),
            "rewind": repr(flags.rewind),
        },
        dependencies={"metrics": flags.metrics},
        started=started,
    )
