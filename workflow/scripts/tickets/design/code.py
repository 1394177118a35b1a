"""The code files a job depends on: its entry point and all of this package that it may import.

Found by reading, not by importing, so that Snakemake can ask for it while it parses; as inputs
they are compared by content: touching one reruns nothing, editing one reruns what depends on it.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1]


def code_files(entry: Path, *modules: str) -> list[Path]:
    """`entry`, then every module of the package that it imports, directly or not, sorted.

    `modules`: those that it imports by names which are known only when it runs.
    """
    found: set[Path] = set()
    waiting = [entry, *(PACKAGE.parent / f"{name.replace('.', '/')}.py" for name in modules)]
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting += _imports(file)
    return [entry, *sorted(found - {entry})]


@cache
def _imports(file: Path) -> tuple[Path, ...]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    ours = [name.split(".")[1:] for name in names if name.split(".")[0] == PACKAGE.name]
    places = {
        PACKAGE.joinpath(*parts[:depth]) for parts in ours for depth in range(1, len(parts) + 1)
    }
    candidates = [file for p in places for file in (p.with_suffix(".py"), p / "__init__.py")]
    return (PACKAGE / "__init__.py", *(file for file in candidates if file.is_file()))
