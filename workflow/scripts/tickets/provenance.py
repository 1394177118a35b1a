"""Statements: what a file was made from, written beside it and checked whenever it is read.

A statement is an in-toto Statement v1 with a SLSA provenance v1 predicate (docs/statements.md
explains each field). It records the digests of the file, of all files that it was made from *and of
their statements*: a statement's digest therefore stands for its whole history.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from tickets import statements
from tickets.errors import Tampered
from tickets.files import canonical_json, read_bytes, sha256, write_bytes
from tickets.statements import BUILD_TYPE, PREDICATE_TYPE, STATEMENT_TYPE, Statement

SCRIPTS = Path(__file__).parents[1]
PLACE = "workflow/scripts/tickets/"  # of the package in the repository, as git prints it
PINS = SCRIPTS.parents[1] / "envs" / "constraints.txt"
OUTSIDE = "outside/"
"""What statements put before a study's own criteria; only jobs that find masks run them."""

PACKAGES = ("numpy", "safetensors", "pyarrow", "torch", "transformers", "snakemake")

# By path, the digest and statement of each file that `read` has read. Statements that this process
# writes refer to these; `read` itself always reads again.
_used: dict[Path, tuple[str, bytes]] = {}


def statement_path(path: Path) -> Path:
    """The path of the statement about the file at `path`."""
    return path.with_name(path.name + statements.SUFFIX)


def stated_below(folder: Path) -> Iterator[Path]:
    """Every file in and below `folder` that has a statement there, sorted."""
    for statement in sorted(folder.rglob(f"*{statements.SUFFIX}")):
        yield statement.with_name(statement.name.removesuffix(statements.SUFFIX))


def write(
    *outputs: Path,
    rule: str,
    parameters: Mapping[str, Any],
    dependencies: Mapping[str, Path],
    facts: Mapping[str, Any] | None = None,
    started: datetime,
) -> None:
    """Write the statement of each of `outputs`; call it once, after all are complete.

    `parameters` are the rule's named parameters, `dependencies` the files it read, by role, `facts`
    what the job measured (sparsity, device, ...). A dependency that `read` has read is recorded as
    it was then; any other one is read now. The statement of a dependency that is not kept is
    embedded whole: it will be gone later.

    Raises:
        Tampered: a dependency that is read now differs from its statement, or a file is missing.
    """
    definition = {
        "buildType": BUILD_TYPE,
        "externalParameters": {"rule": rule, **parameters},
        "internalParameters": _environment(),
        "resolvedDependencies": [*_source(), *_code(), *_pins(), *_dependencies(dependencies)],
    }
    details = {
        "builder": {"id": f"{BUILD_TYPE}#local"},
        "metadata": {"startedOn": _utc(started), "finishedOn": _utc(now())},
        "byproducts": [{"name": "facts", "annotations": dict(facts or {})}],
    }
    for path in outputs:
        statement = {
            "_type": STATEMENT_TYPE,
            "subject": [{"name": path.name, "digest": {"sha256": sha256(read_bytes(path))}}],
            "predicateType": PREDICATE_TYPE,
            "predicate": {"buildDefinition": definition, "runDetails": details},
        }
        write_bytes(statement_path(path), statements.to_bytes(statement))


def read(path: Path) -> bytes:
    """The content of `path`, checked against its statement.

    Raises:
        Tampered: the file or its statement is missing, or the two digests differ.
    """
    data, statement_bytes = read_bytes(path), read_statement(path)
    expected, digest = _parse(path, statement_bytes).digest, sha256(data)
    if digest != expected:
        raise Tampered(
            f"{path}: its sha256 is {digest}, its statement {statement_path(path).name} says"
            f" {expected}; restore it, or delete both to have them made again (tickets why {path})"
        )
    _used[path.absolute()] = digest, statement_bytes
    return data


def is_up_to_date(
    path: Path, *, code: str, parameters: Mapping[str, Any], dependencies: Mapping[str, Path]
) -> bool:
    """Whether `path` exists, is unchanged, and was made with these parameters from `dependencies`
    as they are now, by code of the same meaning (its statement's fact `code`). Dependencies that
    are not kept may have been made again, to the same bytes.
    """
    try:
        read(path)
    except Tampered:
        return False
    statement = _parse(path, _used[path.absolute()][1])
    if statement.facts.get("code") != code:
        return False
    if canonical_json(statement.parameters) != canonical_json(parameters):
        return False
    for role, source in dependencies.items():
        digest, source_statement = _digests(source)
        recorded = statement.dependencies.get(role)
        if recorded is None or recorded.digest != digest:
            return False
        if source_statement is None:
            itself, is_kept = None, True
        else:
            itself, is_kept = sha256(source_statement), _parse(source, source_statement).is_kept
        if is_kept and recorded.statement != itself:
            return False
    return True


def statement(path: Path) -> Statement:
    """The statement about `path`.

    Raises:
        Tampered: there is none, it is not a statement, or it is about another file.
    """
    return _parse(path, read_statement(path))


def read_statement(path: Path) -> bytes:
    """The bytes of the statement about `path`.

    Raises:
        Tampered: there is none.
    """
    statement_file = statement_path(path)
    if os.path.lexists(statement_file):
        return read_bytes(statement_file)
    if os.path.lexists(path):
        raise Tampered(
            f"{path}: no statement is beside it; copy {statement_file.name} from where the file "
            "comes from, or have both made again"
        )
    raise Tampered(f"{path}: there is no such file, nor a statement about it")


def subject_digest(path: Path) -> str:
    """The sha256 of `path` that its statement records."""
    return statement(path).digest


def facts(path: Path) -> Mapping[str, Any]:
    """The facts that the statement of `path` records."""
    return statement(path).facts


def code() -> dict[str, str]:
    """The sha256 of every loaded file of this project, entry point included, by its path below
    workflow/scripts; and of a study's own criterion, as outside/NAME.py.
    """
    modules = {name: each for name, each in sys.modules.items() if name.split(".")[0] == "tickets"}
    modules["__main__"] = sys.modules["__main__"]
    files: dict[str, Path] = {}
    for name, module in modules.items():
        path = Path(getattr(module, "__file__", None) or "").resolve()
        if path.suffix != ".py":
            continue
        if path.is_relative_to(SCRIPTS):
            files[path.relative_to(SCRIPTS).as_posix()] = path
        elif name == "__main__":
            files[path.name] = path
        else:
            files[f"{OUTSIDE}{name.rpartition('.')[2]}.py"] = path
    return {name: sha256(path.read_bytes()) for name, path in sorted(files.items())}


def now() -> datetime:
    """The present time, with its time zone."""
    return datetime.now(UTC)


def _utc(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _parse(path: Path, statement_bytes: bytes) -> Statement:
    """Parse the statement of the file at `path`, which has to be about a file of that name."""
    statement = statements.parse(statement_bytes, str(statement_path(path)))
    if statement.name != path.name:
        raise Tampered(
            f"{statement_path(path)}: is about another file than {path.name}: {statement.name}",
            "foreign-statement",
        )
    return statement


def _dependencies(files: Mapping[str, Path]) -> list[dict[str, Any]]:
    descriptors: list[dict[str, Any]] = []
    for role, path in files.items():
        digest, statement_bytes = _digests(path)
        is_below = not path.is_absolute() and ".." not in path.parts
        uri = path.as_posix() if is_below else path.name
        descriptors.append({"name": role, "uri": uri, "digest": {"sha256": digest}})
        if statement_bytes is not None:
            parent = {"name": f"{role}-statement", "digest": {"sha256": sha256(statement_bytes)}}
            if not _parse(path, statement_bytes).is_kept:
                value = statements.load(statement_bytes, str(statement_path(path)))
                parent |= {"annotations": {"statement": value}}
            descriptors.append(parent)
    return descriptors


def _digests(path: Path) -> tuple[str, bytes | None]:
    """The file's sha256 and its statement, if any: as `read` read them, or as they are now."""
    if path.absolute() not in _used and statement_path(path).exists():
        read(path)
    return _used.get(path.absolute()) or (sha256(read_bytes(path)), None)


def _code() -> list[dict[str, Any]]:
    return [
        {"name": f"code/{name}", "digest": {"sha256": digest}} for name, digest in code().items()
    ]


def _pins() -> list[dict[str, Any]]:
    """The file that pins the packages' versions; nothing where the workflow is used without it."""
    if not PINS.exists():
        return []
    digest = sha256(PINS.read_bytes())
    return [{"name": "pins", "uri": "envs/constraints.txt", "digest": {"sha256": digest}}]


def _source() -> list[dict[str, Any]]:
    """The commit of the code, and whether tracked files differ from it; nothing outside git.

    A copy of the project within another repository has no commit: that repository's is not its own.
    """
    root = Path(__file__).parent
    git = ["git", "--no-replace-objects", "-C", str(root)]
    commit, _, path = (_output([*git, "rev-parse", "HEAD", "--show-prefix"]) or "").partition("\n")
    if path != PLACE:
        return []
    changes = _output([*git, "status", "--porcelain", "--untracked-files=no"])
    return [
        {
            "name": "source",
            "digest": {"gitCommit": commit},
            "annotations": {"clean": changes == ""},
        }
    ]


def _output(command: Sequence[str]) -> str | None:
    try:
        process = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return process.stdout.strip()


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
