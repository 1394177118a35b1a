"""Whether the packages that made the files have the versions that the project pins."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from tickets.audit.embedded_statements import all_statements
from tickets.audit.findings import Files, Finding, finding_about
from tickets.audit.repository import open_repository
from tickets.errors import BadInput, Tampered
from tickets.files import read_bytes, sha256
from tickets.statements import Statement

PLACE = "envs/constraints.txt"

_PIN = re.compile(r"(?m)^([\w.-]+)==([^\s;#]+)")


def check(files: Files, repository: Path | None) -> Iterator[Finding]:
    """Compare recorded versions with the pins at the recorded commit; one finding for each that is
    wrong.

    If the commit is not available, the pins in the work tree at `repository` count, provided that
    they have the recorded digest.
    """
    by_pins: dict[tuple[str | None, str | None], list[tuple[str, Statement]]] = defaultdict(list)
    for path, statement in all_statements(files):
        recorded = statement.dependencies.get("pins")
        digest = None if recorded is None else recorded.digest
        by_pins[statement.commit, digest].append((path, statement))
    wrong: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    with open_repository(repository) as commits:
        for (commit, digest), statements in sorted(by_pins.items(), key=repr):
            paths = [path for path, _ in statements]
            try:
                pins = commits.file(commit or "", PLACE)
            except BadInput as error:
                pins = _in_work_tree(repository, digest)
                if pins is None and digest is not None:
                    reason = "made outside git" if commit is None else error
                    message = f"no {PLACE} of sha256 {digest} to compare versions with: {reason}"
                    yield finding_about(paths, "no-repository", message)
            except Tampered as error:
                yield finding_about(paths, error.code, f"{PLACE} of commit {commit}: {error}")
                continue
            else:
                yield from _other_pins(paths, commit, digest, pins)
            for path, package, version, pin in _wrong(statements, pins):
                wrong[package, version, pin].append(path)
    for (package, version, pin), paths in sorted(wrong.items()):
        message = f"made with {package} {version}, where {pin} is pinned"
        yield finding_about(paths, "wrong-version", message)


def _other_pins(
    paths: Sequence[str], commit: str | None, digest: str | None, pins: bytes | None
) -> Iterator[Finding]:
    """Findings if the recorded pins are not the commit's."""
    if digest is not None and (pins is None or sha256(pins) != digest):
        actual = "there is none" if pins is None else f"it is {sha256(pins)}"
        message = f"made under {PLACE} of sha256 {digest}; at commit {commit} {actual}"
        yield finding_about(paths, "unknown-code", message)


def _in_work_tree(repository: Path | None, digest: str | None) -> bytes | None:
    """The pins in the work tree, if they have that digest."""
    if repository is None:
        return None
    try:
        content = read_bytes(repository / PLACE)
    except Tampered:
        return None
    return content if sha256(content) == digest else None


def _wrong(
    statements: Iterable[tuple[str, Statement]], pins: bytes | None
) -> Iterator[tuple[str, str, str, str]]:
    """Path, package, version and pin of each file whose version differs; nothing without pins.

    A version's local part ("+cpu") tells how it was built; it may be pinned or not.
    """
    if pins is None:
        return
    lines = _PIN.findall(pins.decode(errors="replace"))
    pinned = {_normal(name): version for name, version in lines}
    for path, statement in statements:
        for package, version in _packages(statement).items():
            pin = pinned.get(_normal(package), "none")
            if pin not in (version, version.partition("+")[0]):
                yield path, package, version, pin


def _packages(statement: Statement) -> Mapping[str, str]:
    """Recorded versions by package; none if the statement has something else in their place."""
    environment: Any = statement.environment
    packages = environment.get("packages") if isinstance(environment, Mapping) else None
    versions = cast(Mapping[Any, Any], packages) if isinstance(packages, Mapping) else {}
    return {str(name): str(version) for name, version in versions.items()}


def _normal(package: str) -> str:
    """A package's name, normalized as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", package).lower()
