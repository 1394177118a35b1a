"""Which files cause an audit's findings, and which findings only follow from them.

Every statement records which version of which files was read. So a changed or missing file causes
findings in all files that were made from it. A finding follows from another file if it compares the
two and the other file was changed, is missing, or is out of place. A file is a cause if one of its
findings follows from no other file, or if most files that were made from it read another version:
then it was replaced together with its statement.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from tickets.audit.chain import reads_outside
from tickets.audit.embedded_statements import history_if_deletable
from tickets.audit.findings import FAULTS, Files, Finding
from tickets.audit.lineage import THETA_0_FILE
from tickets.audit.study_files import parse_path
from tickets.statements import SUFFIX, Dependency, Statement

_LINKS = {"broken-link", "missing-parent"}
_MADE_FROM = _LINKS | {
    *("not-nested", "wrong-count", "wrong-mask", "wrong-matrices", "wrong-parent"),
    *("wrong-score", "wrong-table", "wrong-weights"),
}
"""Faults that compare a file with those that it was made from."""

_BY_DESIGN = {"extra-cell", "missing-cell", "two-designs", "wrong-parameters", "wrong-parent"}
"""Faults that compare a file with the design, which statements of scores record."""

_ABOUT_CODE = {"dirty-code", "unknown-code", "wrong-version"}
"""Faults that a file had when it was made, whatever happened to other files."""


@dataclass(frozen=True, kw_only=True)
class Cause:
    """A file that explains findings: one finding about it, and as `consequences` its others and
    those of other files that follow from it.
    """

    finding: Finding
    consequences: tuple[Finding, ...]


def find_causes(files: Files, findings: Sequence[Finding]) -> list[Cause]:
    """The causes of an audit's faults, by path.

    A fault that follows from several causes is counted once, under the first of them. A replaced
    file without a fault of its own gets a finding that counts the files that contradict it.
    """
    faults = [each for each in findings if each.is_fault]
    causes = _Causes(files, faults)
    own: dict[str, list[Finding]] = defaultdict(list)
    following: dict[str, list[Finding]] = defaultdict(list)
    for fault in faults:
        cause = causes.explain(fault)
        if cause is None:
            own[_file(fault.path)].append(fault)
        else:
            following[cause].append(fault)
    severity = list(FAULTS)
    result: list[Cause] = []
    for path in sorted(own.keys() | following.keys() | causes.replaced):
        first, *others = sorted(own[path], key=lambda each: severity.index(each.code)) or [
            causes.contradicted(path)
        ]
        consequences = tuple(sorted([*others, *following[path]]))
        result.append(Cause(finding=first, consequences=consequences))
    return result


class _Readings:
    """Which files were made from a file as it is here, and which from another version of it.

    same, other: the readers of each file, by its path. of, of_other: the files that a file read, by
    the reader's path, sorted; of_other: those that it read in another version.
    """

    def __init__(self, files: Files) -> None:
        self.same: dict[str, set[str]] = defaultdict(set)
        self.other: dict[str, set[str]] = defaultdict(set)
        read: dict[str, set[str]] = defaultdict(set)
        read_other: dict[str, set[str]] = defaultdict(set)
        owners = {statement.itself: path for path, statement in files.statements.items()}
        holders = {digest: path for path, digest in files.digests.items()}
        for reader, statement in files.statements.items():
            for child, role, dependency in _dependencies(statement):
                owner = owners.get(dependency.statement or "")
                if owner is None and reads_outside(child):
                    continue
                path = owner or _place_of(dependency.uri) or _place_of(role)
                may_be_deleted = history_if_deletable(dependency) is not None
                if may_be_deleted:
                    path = path if path in files.digests else None
                else:
                    path = path or holders.get(dependency.digest)
                if path is None:
                    continue
                read[reader].add(path)
                # Of what may be deleted, the statement here is not compared.
                is_compared = dependency.statement is not None and not may_be_deleted
                is_same = files.digests.get(path) == dependency.digest
                if is_same and (owner is not None or not is_compared):
                    self.same[path].add(reader)
                else:
                    self.other[path].add(reader)
                    read_other[reader].add(path)
        self.of = {reader: sorted(paths) for reader, paths in read.items()}
        self.of_other = {reader: sorted(paths) for reader, paths in read_other.items()}


class _Causes:
    """The files that findings about others may follow from.

    replaced: files that most of their readers read in another version, with no other explanation.
    """

    def __init__(self, files: Files, faults: Sequence[Finding]) -> None:
        self._files, self._readings = files, _Readings(files)
        self._faulty = {_file(each.path) for each in faults}
        contradicting = {_file(each.path) for each in faults if each.code in _MADE_FROM}
        relative = _MADE_FROM | _BY_DESIGN | _ABOUT_CODE
        self._changed = {_file(each.path) for each in faults if each.code not in relative}
        self.replaced = {
            path
            for path, readers in self._readings.other.items()
            if len(readers) > len(self._readings.same[path])
            and not readers.isdisjoint(contradicting)
            and not self._enclosing(path)
        }
        self._designs = sorted(
            path
            for path in self.replaced
            if (file := parse_path(path)) is not None and file.kind == "metrics"
        )
        self._changed |= self.replaced
        self._changed |= {
            _file(each.path)
            for each in faults
            if each.code in _BY_DESIGN - _MADE_FROM and self.explain(each) is None
        }

    def explain(self, fault: Finding) -> str | None:
        """The file that a fault follows from; None if it follows from no other file."""
        path = _file(fault.path)
        compared: list[str] = []
        if fault.code in _MADE_FROM:
            compared += self._readings.of_other.get(path, [])
        if fault.code == "wrong-matrices":
            compared.append(THETA_0_FILE)
        if fault.code in ("not-nested", "wrong-parent"):
            compared += self._readings.of.get(path, [])
        if fault.code in _BY_DESIGN:
            compared += self._designs
        if fault.code == "missing-cell":
            compared += _folders(path)
        causes = (self._enclosing(each) for each in compared if each != path)
        cause = next((each for each in causes if each is not None), None)
        return None if cause is None or self._is_undecided(fault, cause) else cause

    def contradicted(self, path: str) -> Finding:
        """The finding about a replaced file that has no fault of its own."""
        readers = len(self._readings.other[path])
        others = f"{readers:,} file{'s' * (readers > 1)}"
        if path in self._files.digests:
            message = f"{others} read another version of it; restore it, or make them again"
            return Finding(path=path, code="broken-link", message=message)
        message = f"it is not here, and {others} read it; restore it, or make it again"
        return Finding(path=path, code="missing-parent", message=message)

    def _enclosing(self, path: str) -> str | None:
        """The changed file at `path`, or one in the place of a folder above it."""
        return next((each for each in (path, *_folders(path)) if each in self._changed), None)

    def _is_undecided(self, fault: Finding, cause: str) -> bool:
        """Whether two files contradict each other and nothing else tells which of them is wrong;
        then both are causes.
        """
        path = _file(fault.path)
        replaced = cause in self.replaced and cause not in self._faulty
        alone = replaced and self._readings.other[cause] == {path}
        return alone and fault.code in _LINKS and not self._readings.same[path]


def _file(path: str) -> str:
    """The file that a finding at `path` is about; for a statement, the file beside it."""
    return path.removesuffix(SUFFIX)


def _folders(path: str) -> list[str]:
    """The folders above `path`, without the results folder."""
    return list(map(str, PurePosixPath(path).parents))[:-1]


def _dependencies(statement: Statement) -> Iterator[tuple[Statement, str, Dependency]]:
    """Role and dependency of each file that was read, with the statement that records it:
    `statement`, or one embedded in it, of a file that may be deleted after use.
    """
    for role, dependency in statement.dependencies.items():
        yield statement, role, dependency
        if (history := history_if_deletable(dependency)) is not None:
            yield from _dependencies(history)


def _place_of(read: str | None) -> str | None:
    """The path below the results folder at the end of the path or role under which a job read a
    file; None if there is none.
    """
    parts = PurePosixPath(str(read or "")).parts
    paths = ("/".join(parts[start:]) for start in range(len(parts)))
    return next((path for path in paths if parse_path(path) is not None), None)
