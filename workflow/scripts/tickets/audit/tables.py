"""Make the tables again from scores, masks and other tables, and compare byte by byte.

A table is made from the parameters in its statement and from the files here that its name demands.
Figures are not compared. Files that are missing or differ from their statements, and tables that
would need them, are left out: other checks report them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

from tickets.audit.findings import Files, Finding
from tickets.audit.lineage import FILES, below_root
from tickets.audit.study_files import parse_path
from tickets.audit.verified_reads import Sources, is_intact
from tickets.design import registry
from tickets.design.table_spec import Inputs, TableSpec
from tickets.errors import Tampered, TicketsError
from tickets.files import canonical_json, sha256
from tickets.statements import Statement
from tickets.tables import tabulation

SHOWN = 100
"""The most bytes of a differing line in a message."""


@dataclass(frozen=True, kw_only=True)
class TableJob:
    """A table to make again: its name, its inputs, and the digests of its files here, by path below
    the results folder `root`.
    """

    name: str
    inputs: Inputs
    root: Path
    digests: dict[str, str] = field(default_factory=dict[str, str])


def check(files: Files, pool: Executor | None = None) -> Iterator[Finding]:
    """Make every table again, in `pool` if there is one."""
    todo, findings = jobs(files)
    yield from findings
    each = map if pool is None else pool.map
    for findings in each(compare, todo):
        yield from findings


def jobs(files: Files) -> tuple[list[TableJob], list[Finding]]:
    """The tables that can be made again, each once, and findings about the others."""
    todo: dict[bytes, TableJob] = {}
    findings: list[Finding] = []
    owners = {statement.itself: path for path, statement in files.statements.items()}
    for path, statement in sorted(files.statements.items()):
        name = _table_of(path)
        if name is None or not is_intact(files, path):
            continue
        try:
            roles = _roles(registry.table(name), statement)
        except (LookupError, TypeError, ValueError) as error:
            message = f"its statement's parameters make no table ({error})"
            findings.append(Finding(path=path, code="wrong-table", message=message))
            continue
        if problem := _other_parent(files, statement, roles, owners):
            findings.append(Finding(path=path, code="wrong-parent", message=problem))
        elif all(is_intact(files, source) for source in roles.values()):
            digests = {source: files.digests[source] for source in roles.values()}
            sources = Sources(root=files.root, digests=digests)
            inputs = Inputs(parameters=statement.parameters, paths=roles, reader=sources)
            key = canonical_json([name, statement.parameters, list(roles.items())])
            job = todo.setdefault(key, TableJob(name=name, inputs=inputs, root=files.root))
            job.digests[path] = files.digests[path]
    return list(todo.values()), findings


def compare(job: TableJob) -> list[Finding]:
    """Make a table again; may run in another process."""
    try:
        return list(_differences(job))
    except Tampered as error:
        code, message = error.code, str(error)
    except Exception as error:  # noqa: BLE001 - foreign scores may make pandas raise anything
        reason = str(error) if isinstance(error, TicketsError) else type(error).__name__
        code, message = "wrong-table", f"cannot be made again: {reason}"
    return [Finding(path=path, code=code, message=message) for path in job.digests]


def _differences(job: TableJob) -> Iterator[Finding]:
    spec = registry.table(job.name)
    contents = tabulation.contents(spec, spec.make(job.inputs), job.inputs, FILES)
    by_path = {below_root(path): content for path, content in contents.items()}
    here = Sources(root=job.root, digests=job.digests)
    for path, digest in job.digests.items():
        content = by_path.get(path)
        if content is None:
            message = "this table has no such file"
        elif sha256(content) == digest:
            continue
        else:
            message = _difference(here.read(path), content)
        yield Finding(path=path, code="wrong-table", message=message)


def _table_of(path: str) -> str | None:
    """The name of the table that the file at `path` shows; None if it shows none."""
    file = parse_path(path)
    if file is None or file.kind not in ("table", "text"):
        return None
    name, tables = file.parts["name"], registry.tables()
    kinds = {kind for spec in tables.values() for kind in spec.others}
    names = [name, *(name.removesuffix(f"_{kind}") for kind in kinds)]
    return next((each for each in names if each in tables), None)


def _roles(spec: TableSpec, statement: Statement) -> dict[str, str]:
    """The paths that a table is made from, below the results folder, by role.

    A table made by a rule of another name is from an earlier version. Only its statement tells
    which masks or lines are compared, or have losses, and which tables its study had.
    """
    paths = spec.inputs(
        FILES,
        statement.parameters,
        study_tables=statement.dependencies,
        older=statement.rule != spec.name,
    )
    roles = {role: below_root(path) for role, path in paths.items()}
    return roles | {role: role for role in statement.dependencies if role.startswith(spec.by_path)}


def _other_parent(
    files: Files, statement: Statement, roles: Mapping[str, str], owners: Mapping[str, str]
) -> str | None:
    """What is wrong with the first parent that is another file here or not recorded, if any."""
    for role, path in roles.items():
        if role not in statement.dependencies:
            return f"its statement names no {role}; it should be {path}"
        parent, right = statement.dependencies[role].statement or "", files.statements.get(path)
        if parent in owners and (right is None or right.itself != parent):
            return f"its {role} was {owners[parent]}; it should be {path}"
    return None


def _difference(here: bytes, again: bytes) -> str:
    """The first line in which two tables differ."""
    lines = zip_longest(here.split(b"\n"), again.split(b"\n"), fillvalue=b"")
    number, (one, other) = next(
        (number, pair) for number, pair in enumerate(lines, 1) if pair[0] != pair[1]
    )
    return f"line {number} is {_shown(one)}, made again {_shown(other)}"


def _shown(line: bytes) -> str:
    return repr(line[:SHOWN].decode(errors="replace"))
