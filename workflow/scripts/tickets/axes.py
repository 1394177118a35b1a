"""The three axes of a mask: criterion, procedure and scope; each a file that is found by its name.

A criterion gives each prunable weight a score. A procedure says from which weights scores are
taken, and when. A scope says which scores are compared with each other, and how many weights go.
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
    """The names in a folder: criteria, procedures or scopes; or commands."""
    stems = (file.stem for file in (FOLDER / kind).glob("*.py"))
    return tuple(sorted(stem.rstrip("_") for stem in stems if stem != "__init__"))


def file_of(kind: str, name: str) -> Path:
    """The file of that name in a folder; one that Python's grammar has too ends in _.

    Raises:
        BadInput: there is none.
    """
    for stem in (name, f"{name}_"):
        if (file := FOLDER / kind / f"{stem}.py").is_file() and name in names(kind):
            return file
    raise BadInput(f"{name}: none of the {kind}; write {', '.join(names(kind))}")


def module_of(kind: str, name: str) -> ModuleType:
    """The module of that name in a folder.

    Raises:
        BadInput: there is none.
    """
    return importlib.import_module(f"tickets.{kind}.{file_of(kind, name).stem}")


@cache
def outside_module(name: str, file: Path) -> ModuleType:
    """A study's own file as a module among the criteria: statements name it so, as code.

    Raises:
        BadInput: there is none, or it cannot be loaded.
    """
    if not file.is_file():
        raise BadInput(f"{file}: no such file; write the path of a criterion's file")
    spec = importlib.util.spec_from_file_location(f"tickets.criteria.{name}", file)
    if spec is None or spec.loader is None:
        raise BadInput(f"{file}: not a file of Python; write a path that ends in .py")
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # noqa: BLE001 - whatever a stranger's code raises
        del sys.modules[spec.name]
        raise BadInput(
            f"{file}: cannot be loaded ({type(error).__name__}: {error}); mend it"
        ) from None
    return module
