"""The code that a job can run, and one digest of its meaning.

The code is an entry point and every module of this package that it can import. Imports are read
from the source, not executed, so that Snakemake can compute the digest while it parses.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tickets.files import canonical_json, sha256
from tickets.syntax import text_of

PACKAGE = Path(__file__).resolve().parent
SCRIPTS = PACKAGE.parent


class Code(NamedTuple):
    """A rule's parameter: the entry point that its command calls, and the digest of its code."""

    path: str
    digest: str

    def __repr__(self) -> str:
        """What Snakemake records and compares: without the path, which depends on the machine."""
        return f"code {self.digest}"


def code_files(*entries: Path) -> list[Path]:
    """`entries`, then every module of the package that they import, directly or not, sorted."""
    first = [entry.resolve() for entry in entries]
    reached: set[Path] = set()
    waiting = list(first)
    while waiting:
        file = waiting.pop()
        if file not in reached:
            reached.add(file)
            waiting += _read(file)[0]
    return [*first, *sorted(reached.difference(first))]


def meanings(*entries: Path) -> list[tuple[str, str]]:
    """Each file that `entries` can run: its path below workflow/scripts (its name, if it is
    elsewhere) and the sha256 of its meaning, which comments, docstrings and layout are no part of.
    """
    return sorted((_name(file), _read(file)[1]) for file in code_files(*entries))


@cache
def digest(*entries: Path) -> str:
    """One sha256 of the meaning of all code that `entries` can run."""
    return sha256(canonical_json(meanings(*entries)))


def _name(file: Path) -> str:
    return file.relative_to(SCRIPTS).as_posix() if file.is_relative_to(SCRIPTS) else file.name


@cache
def _read(file: Path) -> tuple[tuple[Path, ...], str]:
    """The files of the package that a file imports, and the sha256 of its meaning.

    Raises:
        SyntaxError: it is not Python.
    """
    tree = ast.parse(file.read_bytes(), str(file))
    return _imports(tree), sha256(text_of(tree).encode())


def _imports(tree: ast.Module) -> tuple[Path, ...]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    ours = [name.split(".")[1:] for name in names if name.split(".")[0] == PACKAGE.name]
    paths = {
        PACKAGE.joinpath(*parts[:depth]) for parts in ours for depth in range(1, len(parts) + 1)
    }
    candidates = [file for p in paths for file in (p.with_suffix(".py"), p / "__init__.py")]
    return (PACKAGE / "__init__.py", *(file for file in candidates if file.is_file()))
