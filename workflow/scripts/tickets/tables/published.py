"""The paper's numbers, from the folder `paper` beside this file."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from tickets import files

FOLDER = Path(__file__).with_name("paper")

FILES = ("table2.csv", "figure2.csv", "appendix_a.csv")
FIGURE2 = "figure2"
DELTA = "transfer_minus_full"
COUNT = "targets_at_least_same_task"


@dataclass(frozen=True, kw_only=True)
class Value:
    """One published number: percent, points (`DELTA`) or a number of targets (`COUNT`).

    table: the file that contains it. item: the quantity. A number of Figure 2 has a source and,
    unless it is a `COUNT`, a target; any other number has a task.
    """

    table: str
    item: str
    task: str = ""
    source: str = ""
    target: str = ""
    value: float


def values(folder: Path) -> list[Value]:
    """All published numbers, in the order of the files.

    Raises:
        Tampered: a file is missing.
    """
    return [value for name in FILES for value in _read(folder / name)]


def _read(path: Path) -> list[Value]:
    """The numbers in one file: rows are quantities or sources, columns are tasks or targets."""
    numbers: list[Value] = []
    for row in csv.DictReader(io.StringIO(files.read_bytes(path).decode())):
        [(_, name), *cells] = row.items()
        for column, cell in cells:
            value = float(cell)
            if path.stem != FIGURE2:
                numbers.append(Value(table=path.stem, item=name, task=column, value=value))
            elif column == COUNT:
                numbers.append(Value(table=path.stem, item=COUNT, source=name, value=value))
            else:
                numbers.append(
                    Value(table=path.stem, item=DELTA, source=name, target=column, value=value)
                )
    return numbers
