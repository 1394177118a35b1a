"""Which module of the package imports which, by reading the files."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

from studies import ROOT

SCRIPTS = ROOT / "workflow" / "scripts"
PACKAGE = SCRIPTS / "tickets"
ENTRY_POINTS = sorted(SCRIPTS.glob("*.py"))
MODULES = sorted(PACKAGE.rglob("*.py"))
ROOMS = sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))
HEAVY = {"torch", "transformers", "datasets", "evaluate"}  # 1 to 5 seconds each to import


def module(name: str) -> Path:
    """The file of a module of the package; of a folder's, with a dot: audit.study."""
    path = PACKAGE.joinpath(*name.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts)


def own_module(parts: list[str]) -> str:
    """The module that an imported name, without the package's, is or is in."""
    inner = PACKAGE.joinpath(*parts[:2]).with_suffix(".py")
    return ".".join(parts[:2]) if len(parts) > 1 and inner.is_file() else parts[0]


def imported(code: str) -> tuple[frozenset[str], frozenset[str]]:
    """What code imports, in functions too: modules of the package, and others' top names.

    Of others those that only a type checker sees are left out.
    """
    found: set[str] = set()
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = [each for each in node.body if "tickets" in ast.unparse(each)]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    parts = [name.split(".") for name in found]
    own = frozenset(own_module(names[1:]) for names in parts if names[0] == "tickets")
    return own, frozenset(names[0] for names in parts) - {"tickets"}


@cache
def imports(path: Path) -> tuple[frozenset[str], frozenset[str]]:
    """What a file imports."""
    return imported(path.read_text(encoding="utf-8"))


@cache
def reached(name: str) -> frozenset[str]:
    """Every module of the package that this one imports, directly or not."""
    found: set[str] = set()
    pending = [name]
    while pending:
        for name in imports(module(pending.pop()))[0] - found:
            found.add(name)
            pending.append(name)
    return frozenset(found)


def rooms_behind(room: str) -> frozenset[str]:
    """The other folders that modules of this one import from."""
    used = frozenset().union(*(imports(path)[0] for path in (PACKAGE / room).glob("*.py")))
    return frozenset(name.split(".")[0] for name in used) & frozenset(ROOMS) - {room}
