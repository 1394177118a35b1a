"""The files in a results folder, and findings about everything there that is not a plain file."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tickets.audit.findings import Finding
from tickets.audit.study_files import is_clear, needs_statement


@dataclass(frozen=True, kw_only=True)
class Tree:
    """By folder the names of its files: statements, and the files that should have one."""

    folders: dict[str, list[str]]
    findings: list[Finding]


def walk(root: Path) -> Tree:
    """List `root` without following links or opening files."""
    folders: dict[str, list[str]] = defaultdict(list)
    findings: list[Finding] = []
    for folder, entry in _entries(root, ""):
        path = f"{folder}/{entry.name}" if folder else entry.name
        if not is_clear(entry.name):
            message = "systems read this name differently"
            findings.append(Finding(path=_shown(path), code="bad-name", message=message))
        elif not entry.is_file(follow_symlinks=False):
            kind = "a link" if entry.is_symlink() else "not a file"
            findings.append(
                Finding(path=path, code="not-a-plain-file", message=f"{kind}; no job makes it")
            )
        else:
            folders[folder].append(entry.name)
    for folder, names in folders.items():
        findings += _collisions(folder, names)
        names.sort()
    return Tree(folders=dict(folders), findings=findings)


def _entries(root: Path, folder: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    with os.scandir(root / folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            path = f"{folder}/{entry.name}" if folder else entry.name
            if not needs_statement(path) or path == ".gitkeep":
                continue
            if entry.is_dir(follow_symlinks=False) and is_clear(entry.name):
                yield from _entries(root, path)
            else:
                yield folder, entry


def _shown(path: str) -> str:
    """A path with everything escaped that is not printable."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in path)


def _collisions(folder: str, names: list[str]) -> Iterator[Finding]:
    """Findings about names that differ only in case."""
    alike: dict[str, list[str]] = defaultdict(list)
    for name in names:
        alike[name.casefold()].append(name)
    for group in alike.values():
        for name in group[1:]:
            path = f"{folder}/{name}" if folder else name
            message = f"differs from {group[0]} only in case"
            yield Finding(path=path, code="bad-name", message=message)
