"""Statements: what a file is made of, written beside it, and checked whenever it is read.

A statement is an in-toto Statement v1 with a SLSA provenance v1 predicate (docs/statements.md says
what each field means). It records the digests of the file, of all that it was made from *and of
their statements*: a statement's digest therefore stands for its whole history.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, cast

from tickets.errors import Tampered
from tickets.files import canonical_json, read_bytes, sha256, write_bytes

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://slsa.dev/provenance/v1"
BUILD_TYPE = "https://bert-tickets.github.io/docs/statements/v1"
PACKAGES = ("numpy", "safetensors", "pyarrow", "torch", "transformers", "snakemake")

# By file that `read` has read, the digests of its bytes and of its statement's: what a statement
# of this process names. Never an answer to `read`.
_used: dict[Path, tuple[str, str]] = {}


def beside(path: Path) -> Path:
    """Where the statement about `path` stands."""
    return path.with_name(path.name + ".prov.json")


def write(
    *paths: Path,
    rule: str,
    parameters: Mapping[str, Any],
    dependencies: Mapping[str, Path],
    facts: Mapping[str, Any] | None = None,
    started: datetime,
) -> None:
    """State, beside each of `paths`, how it came about; call it once, after all are complete.

    `parameters` are the rule's named parameters, `dependencies` the files it read, `facts` what was
    found out on the way (sparsity, device, ...). A dependency that `read` has read is named by what
    was read then; any other one is read now.

    Raises:
        Tampered: a dependency read now differs from its statement, or a file is missing.
    """
    definition = {
        "buildType": BUILD_TYPE,
        "externalParameters": {"rule": rule, **parameters},
        "internalParameters": _environment(),
        "resolvedDependencies": [*_source(), *_code(), *_dependencies(dependencies)],
    }
    details = {
        "builder": {"id": f"{BUILD_TYPE}#local"},
        "metadata": {"startedOn": _utc(started), "finishedOn": _utc(now())},
        "byproducts": [{"name": "facts", "annotations": dict(facts or {})}],
    }
    for path in paths:
        statement = {
            "_type": STATEMENT_TYPE,
            "subject": [{"name": path.name, "digest": {"sha256": sha256(read_bytes(path))}}],
            "predicateType": PREDICATE_TYPE,
            "predicate": {"buildDefinition": definition, "runDetails": details},
        }
        write_bytes(beside(path), canonical_json(statement) + b"\n")


def read(path: Path) -> bytes:
    """The content of `path`, which is exactly what its statement speaks of.

    Raises:
        Tampered: the file or its statement is missing, or the two digests differ.
    """
    data, stated = read_bytes(path), read_bytes(beside(path))
    expected, found = _subject(path, _parsed(path, stated)), sha256(data)
    if expected != found:
        raise Tampered(
            f"{path}: its sha256 is {found}, its statement {beside(path).name} says {expected}; "
            "restore it, or delete both to have them made again"
        )
    _used[path.absolute()] = found, sha256(stated)
    return data


def statement(path: Path) -> dict[str, Any]:
    """The statement about `path`.

    Raises:
        Tampered: there is none, or it is not a statement.
    """
    return _parsed(path, read_bytes(beside(path)))


def subject_digest(path: Path) -> str:
    """The sha256 that the statement beside `path` gives for it."""
    return _subject(path, statement(path))


def facts(path: Path) -> dict[str, Any]:
    """What the statement beside `path` says was found out while it was made."""
    byproducts = statement(path)["predicate"]["runDetails"]["byproducts"]
    return dict(byproducts[0]["annotations"])


def code() -> dict[str, str]:
    """The sha256 of every file of this project that took part: entry point and loaded modules."""
    modules = [module for name, module in sys.modules.items() if name.split(".")[0] == "tickets"]
    files = {
        Path(file)
        for m in (*modules, sys.modules["__main__"])
        if (file := getattr(m, "__file__", None))
    }
    return {
        path.name: sha256(path.read_bytes())
        for path in sorted(files, key=lambda path: path.name)
        if path.suffix == ".py"
    }


def now() -> datetime:
    """The time, with its zone."""
    return datetime.now(UTC)


def _utc(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _parsed(path: Path, stated: bytes) -> dict[str, Any]:
    try:
        value = json.loads(stated)
    except ValueError:
        raise Tampered(f"{beside(path)}: not JSON; delete it and {path.name}") from None
    if not isinstance(value, dict) or cast(dict[str, Any], value).get("_type") != STATEMENT_TYPE:
        raise Tampered(f"{beside(path)}: not an in-toto Statement v1; delete it and {path.name}")
    return cast(dict[str, Any], value)


def _subject(path: Path, stated: Mapping[str, Any]) -> str:
    for subject in stated.get("subject", []):
        if subject.get("name") == path.name:
            return str(subject["digest"]["sha256"])
    raise Tampered(f"{beside(path)}: speaks of another file than {path.name}")


def _dependencies(paths: Mapping[str, Path]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for name, path in paths.items():
        content, stated = _digests(path)
        found.append({"name": name, "uri": path.name, "digest": {"sha256": content}})
        if stated is not None:
            found.append({"name": f"{name}-statement", "digest": {"sha256": stated}})
    return found


def _digests(path: Path) -> tuple[str, str | None]:
    """Those of a file and of its statement, if it has one: as they were read, else as they are."""
    if path.absolute() not in _used and beside(path).exists():
        read(path)
    return _used.get(path.absolute()) or (sha256(read_bytes(path)), None)


def _code() -> list[dict[str, Any]]:
    return [
        {"name": f"code/{name}", "digest": {"sha256": digest}} for name, digest in code().items()
    ]


def _source() -> list[dict[str, Any]]:
    """The commit the code stands at, and whether the files differ from it; nothing outside git."""
    root = Path(__file__).parent
    git = ["git", "--no-replace-objects", "-C", str(root)]
    commit = _output([*git, "rev-parse", "HEAD"])
    if not commit:
        return []
    changed = _output([*git, "status", "--porcelain", "--untracked-files=no"])
    return [
        {
            "name": "source",
            "digest": {"gitCommit": commit},
            "annotations": {"clean": changed == ""},
        }
    ]


def _output(command: Sequence[str]) -> str | None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def _environment() -> dict[str, Any]:
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {name: version for name in PACKAGES if (version := _version(name))},
        "slurmJobId": os.environ.get("SLURM_JOB_ID", ""),
    }


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
