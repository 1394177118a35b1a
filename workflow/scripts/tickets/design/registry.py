"""The tables of a study, found by their files in the package."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from types import MappingProxyType

from tickets.design.metrics import Metrics
from tickets.design.table_spec import TableSpec
from tickets.errors import BadInput

FOLDER = Path(__file__).parents[1] / "tables"
_DECLARATION = re.compile(
    r"^TABLE\b", re.MULTILINE
)  # the other files there are helpers with slow imports


@cache
def tables() -> dict[str, TableSpec]:
    """All tables by name, in their order."""
    files = (path for path in FOLDER.glob("*.py") if _DECLARATION.search(path.read_text("utf-8")))
    specs = [table(path.stem) for path in files]
    return {spec.name: spec for spec in sorted(specs, key=lambda spec: (spec.position, spec.name))}


def select_tables(choice: Mapping[str, bool] = MappingProxyType({})) -> dict[str, TableSpec]:
    """The tables of a study: all that are not optional, unless `choice` says otherwise.

    Raises:
        BadInput: `choice` leaves out a table that another one is made from.
    """
    selected = {n: spec for n, spec in tables().items() if choice.get(n, not spec.optional)}
    for name, spec in selected.items():
        for origin in (*spec.tables, *spec.later_tables):
            if origin not in selected:
                raise BadInput(
                    f"tables.{origin}: false, but {name} is made from it; write true, or"
                    f" {name}: false"
                )
    return selected


def table(name: str) -> TableSpec:
    """The table of that name; no other table is imported.

    Raises:
        BadInput: there is no such table, or its file declares another one.
    """
    if not file(name).is_file():
        raise BadInput(f"{name}: no table has that name; write one of {', '.join(tables())}")
    spec: TableSpec = import_module(f"tickets.tables.{name}").TABLE
    if spec.name != name:
        raise BadInput(f"{file(name)}: declares {spec.name}; give file and table the same name")
    return spec


def file(name: str) -> Path:
    """The file that declares a table."""
    return FOLDER / f"{name}.py"


def parts() -> dict[str, Metrics]:
    """The scores that tables are made from, by the name of their file, in the tables' order."""
    return {spec.part: spec.metrics for spec in tables().values() if spec.metrics is not None}


def all_parts() -> dict[str, Metrics]:
    """`parts`, also under the names of the files of scores in studies of earlier versions."""
    older = {metrics.older_part: metrics for metrics in parts().values() if metrics.older_part}
    return parts() | older
