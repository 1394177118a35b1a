"""Whether each file was made from the files that its path demands, as they are here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tickets.audit.embedded_statements import history_if_deletable
from tickets.audit.findings import Files, Finding
from tickets.audit.lineage import Expected, as_older_version, expected
from tickets.audit.study_files import StudyFile, needs_statement, parse_path
from tickets.design.dag import Design
from tickets.errors import BadInput
from tickets.paths import is_kept
from tickets.statements import Dependency, Statement

_OUTSIDE = ("theta_0", "import")
"""Rules that read files from outside the study, whose statements need not be here."""


class Chain:
    """The links between the statements of a results folder."""

    def __init__(self, files: Files, design: Design | None) -> None:
        self._files, self._design = files, design
        self._owners = {statement.itself: path for path, statement in files.statements.items()}

    def check(self) -> Iterator[Finding]:
        """Follow every statement's links, and those of the statements embedded in it."""
        for path, statement in self._files.statements.items():
            yield from self._follow(path, statement, parse_path(path))

    def _follow(self, path: str, statement: Statement, file: StudyFile | None) -> Iterator[Finding]:
        """`path` is that of the file beside the statement; `file`, what the statement is about."""
        wanted = self._expected(file)
        if isinstance(wanted, str):
            yield Finding(path=path, code="extra-cell", message=wanted)
            return
        if wanted is not None and file is not None:
            wanted = as_older_version(wanted, file, statement)
            yield from _compare(path, statement, wanted)
        for role, made_of in statement.dependencies.items():
            target = None if wanted is None else wanted.parents.get(role)
            if (history := history_if_deletable(made_of)) is not None:
                yield from self._check_deletable(path, role, made_of, history, target)
            elif made_of.statement is not None:
                yield from self._check_kept(path, role, made_of, target, statement)
            elif target is not None:
                yield from self._check_without_statement(path, role, made_of, target)

    def _expected(self, file: StudyFile | None) -> Expected | str | None:
        if self._design is None or file is None:
            return None
        try:
            return expected(self._design, file)
        except (ValueError, BadInput):
            return f"the study's design has no such {file.kind}"

    def _check_deletable(
        self, path: str, role: str, made_of: Dependency, history: Statement, target: str | None
    ) -> Iterator[Finding]:
        """Check a parent that may be deleted after use, whose statement `history` is embedded in
        the child's.
        """
        if history.digest != made_of.digest:
            message = f"its {role} is not the one that the {role}'s own statement is about"
            yield Finding(path=path, code="broken-link", message=message)
        if target is not None and Path(history.name).stem != Path(target).stem:
            message = f"its {role} was {history.name}; it should be {target}"
            yield Finding(path=path, code="wrong-parent", message=message)
        here = None if target is None or is_kept(target) else self._files.digests.get(target)
        if target is not None and here not in (None, made_of.digest):
            yield _made_from_another(path, target)
        yield from self._follow(path, history, None if target is None else parse_path(target))

    def _check_kept(
        self, path: str, role: str, made_of: Dependency, target: str | None, statement: Statement
    ) -> Iterator[Finding]:
        assert made_of.statement is not None
        owner = self._owners.get(made_of.statement)
        if target is None:
            if owner is None:
                if not reads_outside(statement):
                    yield _missing(path, role, made_of)
            elif self._files.digests[owner] != made_of.digest:
                yield _made_from_another(path, owner)
        elif owner is not None and owner != target:
            message = f"its {role} was {owner}; it should be {target}"
            yield Finding(path=path, code="wrong-parent", message=message)
        elif target not in self._files.statements:
            yield _missing(path, f"{role}, {target},", made_of)
        elif owner is None or self._files.digests[target] != made_of.digest:
            yield _made_from_another(path, target)

    def _check_without_statement(
        self, path: str, role: str, made_of: Dependency, target: str
    ) -> Iterator[Finding]:
        """Check a parent of which the child names no statement."""
        if needs_statement(target):
            message = f"its {role} was read without a statement"
            yield Finding(path=path, code="wrong-parent", message=message)
        elif target not in self._files.digests:
            yield _missing(path, f"{role}, {target},", made_of)
        elif self._files.digests[target] != made_of.digest:
            yield _made_from_another(path, target)


def _compare(path: str, statement: Statement, wanted: Expected) -> Iterator[Finding]:
    recorded = {"rule": statement.rule, **statement.parameters}
    for name, value in {"rule": wanted.rule, **wanted.parameters}.items():
        if type(recorded.get(name)) is not type(value) or recorded.get(name) != value:
            message = f"its statement's {name} is {recorded.get(name)}; its path demands {value}"
            yield Finding(path=path, code="wrong-parameters", message=message)
    for role, target in wanted.parents.items():
        if role not in statement.dependencies:
            message = f"its statement names no {role}; it should be {target}"
            yield Finding(path=path, code="wrong-parent", message=message)


def reads_outside(statement: Statement) -> bool:
    """Whether a file was made from files outside the study, whose statements need not be here."""
    foreign = statement.rule == "data" and statement.parameters.get("dataset") != "language"
    return foreign or statement.rule in _OUTSIDE


def _missing(path: str, what: str, made_of: Dependency) -> Finding:
    message = f"its {what} is not here (sha256 {made_of.digest})"
    return Finding(path=path, code="missing-parent", message=message)


def _made_from_another(path: str, parent: str) -> Finding:
    message = f"made from another {parent} than the one here; make one of the two again"
    return Finding(path=path, code="broken-link", message=message)
