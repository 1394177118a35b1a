"""The paper's numbers (resources/published/), each on its own."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from tickets import files

FOLDER = Path(__file__).parents[4] / "resources" / "published"
"""The paper's numbers, which are the project's and not a study's."""

FILES = ("table2.csv", "figure2.csv", "appendix_a.csv")
FIGURE2 = "figure2"
DELTA = "transfer_minus_full"
COUNT = "targets_at_least_same_task"


@dataclass(frozen=True, kw_only=True)
class Value:
    """One published number, in percent, points (`DELTA`) or targets (`COUNT`).

    table: the file it stands in. item: which quantity. A number of Figure 2 has a source, and but
    for the count of targets a target; any other one has a task.
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
        Tampered: a file is not there.
    """
    return [value for name in FILES for value in _read(folder / name)]


def _read(path: Path) -> list[Value]:
    """The numbers of one file: rows are quantities, or sources; columns are tasks, or targets."""
    found: list[Value] = []
    for row in csv.DictReader(io.StringIO(files.read_bytes(path).decode())):
        [(_, name), *cells] = row.items()
        for column, cell in cells:
            value = float(cell)
            if path.stem != FIGURE2:
                found.append(Value(table=path.stem, item=name, task=column, value=value))
            elif column == COUNT:
                found.append(Value(table=path.stem, item=COUNT, source=name, value=value))
            else:
                found.append(
                    Value(table=path.stem, item=DELTA, source=name, target=column, value=value)
                )
    return found
