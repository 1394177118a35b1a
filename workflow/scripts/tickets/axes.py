"""The three axes of a mask: criterion, procedure and scope, each a file found by its name.

A criterion gives each prunable weight a score. A procedure chooses the weights that are scored, and
when. A scope chooses which scores are compared with each other, and how many weights are pruned.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

from tickets.errors import BadInput

FOLDER = Path(__file__).parent


@cache
def names(kind: str) -> tuple[str, ...]:
    """The names of all files in a folder (criteria, procedures, scopes, commands), sorted."""
    stems = (file.stem for file in (FOLDER / kind).glob("*.py"))
    return tuple(sorted(stem.rstrip("_") for stem in stems if stem != "__init__"))


def file_of(kind: str, name: str) -> Path:
    """The file of a criterion, procedure or scope; a name that is a Python keyword ends in _ there.

    Raises:
        BadInput: there is none.
    """
    for stem in (name, f"{name}_"):
        if (file := FOLDER / kind / f"{stem}.py").is_file() and name in names(kind):
            return file
    raise BadInput(f"{name}: none of the {kind}; write {', '.join(names(kind))}")


def module_of(kind: str, name: str) -> ModuleType:
    """The module of a criterion, procedure or scope.

    Raises:
        BadInput: there is none.
    """
    return importlib.import_module(f"tickets.{kind}.{file_of(kind, name).stem}")


@cache
def outside_module(name: str, file: Path) -> ModuleType:
    """A study's own criterion, loaded as a module of `tickets.criteria`; statements name it so.

    Raises:
        BadInput: there is no such file, or it cannot be loaded.
    """
    if not file.is_file():
        raise BadInput(f"{file}: no such file; write the path of a criterion's file")
    spec = importlib.util.spec_from_file_location(f"tickets.criteria.{name}", file)
    if spec is None or spec.loader is None:
        raise BadInput(f"{file}: not a Python file; write a path that ends in .py")
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # noqa: BLE001 - foreign code may raise anything
        del sys.modules[spec.name]
        raise BadInput(
            f"{file}: cannot be loaded ({type(error).__name__}: {error}); mend it"
        ) from None
    return module
