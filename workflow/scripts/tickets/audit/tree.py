"""The files in a results folder, and findings about everything there that is not a plain file."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tickets.audit.findings import Finding, printable
from tickets.audit.study_files import is_audited, is_clear
from tickets.errors import BadInput


@dataclass(frozen=True, kw_only=True)
class Tree:
    """By folder the names of its files: statements, and the files that are audited."""

    folders: dict[str, list[str]]
    findings: list[Finding]


def walk(root: Path) -> Tree:
    """List `root` without following links or opening files.

    Raises:
        BadInput: a folder of the study cannot be read.
    """
    folders: dict[str, list[str]] = defaultdict(list)
    findings: list[Finding] = []
    for folder, entry in _entries(root):
        path = f"{folder}/{entry.name}" if folder else entry.name
        if not is_clear(entry.name):
            message = "systems read this name differently"
            findings.append(Finding(path=printable(path), code="bad-name", message=message))
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


def _entries(root: Path) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """What is in the folders below `root`, each with its folder, in no order."""
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        for entry in _listed(root / folder):
            path = f"{folder}/{entry.name}" if folder else entry.name
            if not is_audited(path) or path == ".gitkeep":
                continue
            if entry.is_dir(follow_symlinks=False) and is_clear(entry.name):
                waiting.append(path)
            else:
                yield folder, entry


def _listed(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        reason = f"cannot be looked through ({error.strerror}); make it readable"
        raise BadInput(f"{folder}: {reason}") from None


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
