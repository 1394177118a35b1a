"""Whether the code that made the files is the code of the commits that they name.

Statements record the digests of the code that ran; these are compared with the bytes in git. If
attributes or settings of git change them on checkout (line ends), the code that ran differs, and
the audit reports it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from tickets.audit.embedded_statements import all_statements
from tickets.audit.findings import Files, Finding, finding_about
from tickets.audit.repository import Commits, open_repository
from tickets.errors import BadInput, Tampered
from tickets.files import sha256
from tickets.provenance import OUTSIDE
from tickets.statements import Statement

PLACE = "workflow/scripts"

Statements = Sequence[tuple[str, Statement]]


def check(files: Files, repository: Path | None) -> Iterator[Finding]:
    """Look up each recorded file of code at its commit; one finding for each version that is not
    there, not for each statement.
    """
    statements = list(all_statements(files))
    by_commit: dict[str, list[tuple[str, Statement]]] = defaultdict(list)
    outside: list[str] = []
    for path, statement in statements:
        if statement.commit is None:
            outside.append(path)
        else:
            by_commit[statement.commit].append((path, statement))
    if outside:
        message = "made outside git, where no code can be looked up"
        yield finding_about(outside, "no-commit", message)
    yield from _outside(statements)
    with open_repository(repository) as commits:
        for commit, group in sorted(by_commit.items()):
            yield from _dirty(commit, group)
            yield from _unknown(commits, commit, group)
    yield from _mixed(statements)


def _dirty(commit: str, statements: Statements) -> Iterator[Finding]:
    paths = [path for path, statement in statements if not statement.clean]
    if paths:
        message = f"made while files of the project differed from commit {commit}"
        yield finding_about(paths, "dirty-code", message)


def _unknown(commits: Commits, commit: str, statements: Statements) -> Iterator[Finding]:
    """The recorded code that is not in the commit."""
    versions = _versions(statements, lambda name, each: not _is_outside(name, each))
    for (name, digest), paths in sorted(versions.items()):
        file = f"{PLACE}/{name}"
        try:
            code = commits.file(commit, file)
        except BadInput as error:
            message = f"code was not looked up at commit {commit}: {error}"
            yield finding_about([path for path, _ in statements], "no-repository", message)
            return
        except Tampered as error:
            yield finding_about(paths, error.code, f"{file} of commit {commit}: {error}")
            continue
        actual = "there is none" if code is None else f"it is {sha256(code)}"
        if code is None or sha256(code) != digest:
            message = f"made by a {file} of sha256 {digest}; at commit {commit} {actual}"
            yield finding_about(paths, "unknown-code", message)


def _outside(statements: Statements) -> Iterator[Finding]:
    """The recorded code that is the study's own, and in no repository."""
    for (name, digest), paths in sorted(_versions(statements, _is_outside).items()):
        message = f"found by a {name} of sha256 {digest}, which is no file of the repository"
        yield finding_about(paths, "outside-code", message)


def _is_outside(name: str, statement: Statement) -> bool:
    return name.startswith(OUTSIDE) and statement.rule in ("find_mask", "prune")


def _versions(
    statements: Statements,
    wanted: Callable[[str, Statement], bool] = lambda _name, _statement: True,
) -> Mapping[tuple[str, str], list[str]]:
    """The files made by each version of each wanted file of code, by its name and digest."""
    versions: dict[tuple[str, str], list[str]] = defaultdict(list)
    for path, statement in statements:
        for name, digest in statement.code.items():
            if wanted(name, statement):
                versions[name, digest].append(path)
    return versions


def _mixed(statements: Statements) -> Iterator[Finding]:
    """Files of code of which several versions ran for the same rule."""
    by_rule: dict[str, list[tuple[str, Statement]]] = defaultdict(list)
    for path, statement in statements:
        by_rule[statement.rule].append((path, statement))
    by_file: dict[str, dict[str, dict[str, list[str]]]] = defaultdict(dict)
    for rule, group in by_rule.items():
        for (name, digest), paths in _versions(group).items():
            by_file[name].setdefault(rule, {})[digest] = paths
    for name, rules in sorted(by_file.items()):
        mixed = {rule: versions for rule, versions in sorted(rules.items()) if len(versions) > 1}
        if mixed:
            rarest = min(next(iter(mixed.values())).values(), key=len)
            counts = ", ".join(f"{rule} ({_numbers(each)})" for rule, each in mixed.items())
            message = f"other files of their rule were made by another {PLACE}/{name}: {counts}"
            yield finding_about(rarest, "mixed-code", message)


def _numbers(versions: Mapping[str, Sequence[str]]) -> str:
    return " and ".join(map(str, sorted(map(len, versions.values()), reverse=True)))
