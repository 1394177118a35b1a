"""Statements: what a file is made of, written beside it, and checked whenever it is read.

A statement is an in-toto Statement v1 with a SLSA provenance v1 predicate (docs/statements.md says
what each field means). It records the digests of the file, of all that it was made from *and of
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
PLACE = "workflow/scripts/tickets/"  # of the package in the repository, as git says it
PINS = SCRIPTS.parents[1] / "envs" / "constraints.txt"
PACKAGES = ("numpy", "safetensors", "pyarrow", "torch", "transformers", "snakemake")

# By file that `read` has read, the digest of its bytes and its statement: what a statement of this
# process names. Never an answer to `read`.
_used: dict[Path, tuple[str, bytes]] = {}


def statement_path(path: Path) -> Path:
    """Where the statement about `path` stands."""
    return path.with_name(path.name + statements.SUFFIX)


def stated_below(folder: Path) -> Iterator[Path]:
    """Every file in and below `folder` about which a statement stands there, sorted."""
    for statement in sorted(folder.rglob(f"*{statements.SUFFIX}")):
        yield statement.with_name(statement.name.removesuffix(statements.SUFFIX))


def write(
    *made: Path,
    rule: str,
    parameters: Mapping[str, Any],
    dependencies: Mapping[str, Path],
    facts: Mapping[str, Any] | None = None,
    started: datetime,
) -> None:
    """State, beside each of `made`, how it came about; call it once, after all are complete.

    `parameters` are the rule's named parameters, `dependencies` the files it read, `facts` what was
    found out on the way (sparsity, device, ...). A dependency that `read` has read is named by what
    was read then; any other one is read now. The statement of one that is not kept is taken in
    whole: nowhere else would it be found later.

    Raises:
        Tampered: a dependency read now differs from its statement, or a file is missing.
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
    for path in made:
        statement = {
            "_type": STATEMENT_TYPE,
            "subject": [{"name": path.name, "digest": {"sha256": sha256(read_bytes(path))}}],
            "predicateType": PREDICATE_TYPE,
            "predicate": {"buildDefinition": definition, "runDetails": details},
        }
        write_bytes(statement_path(path), statements.to_bytes(statement))


def read(path: Path) -> bytes:
    """The content of `path`, which is exactly what its statement speaks of.

    Raises:
        Tampered: the file or its statement is missing, or the two digests differ.
    """
    data, stated = read_bytes(path), read_statement(path)
    expected, found = _about(path, stated).digest, sha256(data)
    if expected != found:
        raise Tampered(
            f"{path}: its sha256 is {found}, its statement {statement_path(path).name} says"
            f" {expected}; restore it, or delete both to have them made again (tickets why {path})"
        )
    _used[path.absolute()] = found, stated
    return data


def is_up_to_date(
    path: Path, *, code: str, parameters: Mapping[str, Any], dependencies: Mapping[str, Path]
) -> bool:
    """Whether `path` is there, untouched, and made with these parameters from what `dependencies`
    hold now; those that are not kept may have been made again, to the same bytes. Its statement's
    fact `code` tells whether it was made by code of the same meaning.
    """
    try:
        read(path)
    except Tampered:
        return False
    stated = _about(path, _used[path.absolute()][1])
    if stated.facts.get("code") != code:
        return False
    if canonical_json(stated.parameters) != canonical_json(parameters):
        return False
    for name, source in dependencies.items():
        content, its_statement = _digests(source)
        known = stated.dependencies.get(name)
        if known is None or known.digest != content:
            return False
        if its_statement is None:
            itself, is_kept = None, True
        else:
            itself, is_kept = sha256(its_statement), _about(source, its_statement).is_kept
        if is_kept and known.statement != itself:
            return False
    return True


def statement(path: Path) -> Statement:
    """The statement about `path`.

    Raises:
        Tampered: there is none, it is not a statement, or it speaks of another file.
    """
    return _about(path, read_statement(path))


def read_statement(path: Path) -> bytes:
    """The bytes of the statement about `path`.

    Raises:
        Tampered: there is none.
    """
    place = statement_path(path)
    if os.path.lexists(place):
        return read_bytes(place)
    if os.path.lexists(path):
        raise Tampered(
            f"{path}: no statement is beside it; copy {place.name} from where the file comes from, "
            "or have both made again"
        )
    raise Tampered(f"{path}: there is no such file, nor a statement about it")


def subject_digest(path: Path) -> str:
    """The sha256 that the statement beside `path` gives for it."""
    return statement(path).digest


def facts(path: Path) -> Mapping[str, Any]:
    """What the statement beside `path` says was found out while it was made."""
    return statement(path).facts


def code() -> dict[str, str]:
    """The sha256 of every file of this project that took part, by its place among the scripts:
    entry point and loaded modules; and of a study's own criterion, as outside/NAME.py.
    """
    modules = {name: each for name, each in sys.modules.items() if name.split(".")[0] == "tickets"}
    modules["__main__"] = sys.modules["__main__"]
    places: dict[str, Path] = {}
    for name, module in modules.items():
        path = Path(getattr(module, "__file__", None) or "").resolve()
        if path.suffix != ".py":
            continue
        if path.is_relative_to(SCRIPTS):
            places[path.relative_to(SCRIPTS).as_posix()] = path
        elif name == "__main__":
            places[path.name] = path
        else:
            places[f"outside/{name.rpartition('.')[2]}.py"] = path
    return {name: sha256(path.read_bytes()) for name, path in sorted(places.items())}


def now() -> datetime:
    """The time, with its zone."""
    return datetime.now(UTC)


def _utc(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _about(path: Path, stated: bytes) -> Statement:
    """The statement in `stated`, which speaks of the file at `path`."""
    found = statements.parse(stated, str(statement_path(path)))
    if found.name != path.name:
        raise Tampered(
            f"{statement_path(path)}: speaks of another file than {path.name}: {found.name}",
            "foreign-statement",
        )
    return found


def _dependencies(files: Mapping[str, Path]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for name, path in files.items():
        content, stated = _digests(path)
        below = not path.is_absolute() and ".." not in path.parts
        place = path.as_posix() if below else path.name
        found.append({"name": name, "uri": place, "digest": {"sha256": content}})
        if stated is not None:
            parent = {"name": f"{name}-statement", "digest": {"sha256": sha256(stated)}}
            if not _about(path, stated).is_kept:
                value = statements.load(stated, str(statement_path(path)))
                parent |= {"annotations": {"statement": value}}
            found.append(parent)
    return found


def _digests(path: Path) -> tuple[str, bytes | None]:
    """The file's, and its statement if it has one: as they were read, else as they are."""
    if path.absolute() not in _used and statement_path(path).exists():
        read(path)
    return _used.get(path.absolute()) or (sha256(read_bytes(path)), None)


def _code() -> list[dict[str, Any]]:
    return [
        {"name": f"code/{name}", "digest": {"sha256": digest}} for name, digest in code().items()
    ]


def _pins() -> list[dict[str, Any]]:
    """The file that pins the packages' versions; none where the workflow is used without it."""
    if not PINS.exists():
        return []
    digest = sha256(PINS.read_bytes())
    return [{"name": "pins", "uri": "envs/constraints.txt", "digest": {"sha256": digest}}]


def _source() -> list[dict[str, Any]]:
    """The commit the code stands at, and whether the files differ from it; nothing outside git.

    A copy of the project within another repository has no commit: that one's says nothing of it.
    """
    root = Path(__file__).parent
    git = ["git", "--no-replace-objects", "-C", str(root)]
    commit, _, place = (_output([*git, "rev-parse", "HEAD", "--show-prefix"]) or "").partition("\n")
    if place != PLACE:
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
