"""What somebody does to a study who hides that a file is another one now."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tickets.files import canonical_json, sha256
from tickets.provenance import statement_path

Edit = Callable[[Any], None]


def flip(path: Path, place: int, bit: int = 0) -> None:
    """Flip one bit; size and times stay."""
    before = path.stat()
    data = bytearray(path.read_bytes())
    data[place] ^= 1 << bit
    path.write_bytes(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def restate(path: Path, data: bytes | None = None, edit: Edit | None = None) -> None:
    """Give the file other bytes, and its statement their digest; `edit` changes the rest of it."""
    if data is not None:
        path.write_bytes(data)
    value = json.loads(statement_path(path).read_bytes())
    value["subject"][0]["digest"]["sha256"] = sha256(path.read_bytes())
    if edit:
        edit(value)
    statement_path(path).write_bytes(canonical_json(value) + b"\n")


def definition(value: Any) -> Any:
    """How the file of a statement was made."""
    return value["predicate"]["buildDefinition"]


def parameters(value: Any) -> Any:
    """Its rule's named parameters."""
    return definition(value)["externalParameters"]


def facts(value: Any) -> Any:
    """What was found out while it was made."""
    return value["predicate"]["runDetails"]["byproducts"][0]["annotations"]


def dependency(value: Any, name: str) -> Any:
    """The entry of that name among what it was made of."""
    [found] = [d for d in definition(value)["resolvedDependencies"] if d["name"] == name]
    return found


def spread(root: Path, changed: dict[str, str]) -> None:
    """Rewrite every statement that names one of the digests in `changed` (old: new), and so on with
    the statements that name those: a chain without a seam.
    """
    waiting = True
    while waiting:
        waiting = False
        for path in _statements(root):
            data = path.read_bytes()
            value = json.loads(data)
            _replace(value, changed)
            new = canonical_json(value) + b"\n"
            if new != data:
                changed[sha256(data)] = sha256(new)
                path.write_bytes(new)
                waiting = True


def _replace(value: Any, changed: dict[str, str]) -> None:
    for entry in definition(value)["resolvedDependencies"]:
        digest = entry["digest"]
        history = entry.get("annotations", {}).get("statement")
        if history is not None:
            _replace(history, changed)
            subject = history["subject"][0]["digest"]
            subject["sha256"] = changed.get(subject["sha256"], subject["sha256"])
            digest["sha256"] = sha256(canonical_json(history) + b"\n")
        elif digest.get("sha256") in changed:
            digest["sha256"] = changed[digest["sha256"]]


def _statements(root: Path) -> Iterator[Path]:
    yield from sorted(root.rglob("*.prov.json"))
