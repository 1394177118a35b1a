"""Whether the tables are those that their scores, masks and other tables give, byte by byte.

A table is made again from what its statement records and from the files that its name demands, as
they are here. Figures are not compared. Files that are missing or not what their statements say are
left out, and so are tables that would need them: other checks name them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from itertools import zip_longest

from tickets.audit.embedded_statements import one_line
from tickets.audit.findings import Files, Finding
from tickets.audit.places import place
from tickets.audit.remaking import MATRIX, RECIPES, Given
from tickets.audit.verified_reads import Sources, is_intact
from tickets.errors import Tampered, TicketsError
from tickets.files import canonical_json, sha256
from tickets.statements import Statement

SHOWN = 100
"""Bytes of a line that differs."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """A table to make again, and those of its files that are here.

    files: their paths by what follows the table's name in them; digests: the sha256 of each.
    """

    given: Given
    files: dict[str, str] = field(default_factory=dict[str, str])
    digests: dict[str, str] = field(default_factory=dict[str, str])


def check(files: Files, pool: Executor | None = None) -> Iterator[Finding]:
    """Make every table again, in `pool` if there is one."""
    todo, findings = jobs(files)
    yield from findings
    each = map if pool is None else pool.map
    for found in each(compare, todo):
        yield from found


def jobs(files: Files) -> tuple[list[Job], list[Finding]]:
    """The tables that can be made again, each once, and what is wrong with statements of others."""
    todo: dict[bytes, Job] = {}
    findings: list[Finding] = []
    owners = {stated.itself: path for path, stated in files.statements.items()}
    for path, stated in sorted(files.statements.items()):
        name, end = _name(path)
        if name not in RECIPES or not is_intact(files, path):
            continue
        try:
            roles = RECIPES[name].roles(stated.parameters, list(stated.dependencies))
        except (LookupError, TypeError, ValueError) as error:
            message = one_line(f"its statement's parameters make no table ({error})")
            findings.append(Finding(path=path, code="wrong-table", message=message))
            continue
        if problem := _other_parent(files, stated, roles, owners):
            findings.append(Finding(path=path, code="wrong-parent", message=one_line(problem)))
        elif all(is_intact(files, source) for source in roles.values()):
            digests = {source: files.digests[source] for source in roles.values()}
            sources = Sources(root=files.root, digests=digests)
            given = Given(name=name, parameters=stated.parameters, roles=roles, sources=sources)
            key = canonical_json([name, stated.parameters, list(roles.items())])
            job = todo.setdefault(key, Job(given=given))
            job.files[end] = path
            job.digests[path] = files.digests[path]
    return list(todo.values()), findings


def compare(job: Job) -> list[Finding]:
    """Make a table again; may run in another process."""
    try:
        return list(_differences(job))
    except Tampered as error:
        code, message = error.code, str(error)
    except Exception as error:  # noqa: BLE001 - whatever foreign scores make pandas say
        reason = str(error) if isinstance(error, TicketsError) else type(error).__name__
        code, message = "wrong-table", f"cannot be made again: {reason}"
    return [Finding(path=path, code=code, message=one_line(message)) for path in job.files.values()]


def _differences(job: Job) -> Iterator[Finding]:
    made = RECIPES[job.given.name].make(job.given)
    here = Sources(root=job.given.sources.root, digests=job.digests)
    for end, path in job.files.items():
        content = made.get(end)
        if content is None:
            message = "this table has no such file"
        elif sha256(content) == job.digests[path]:
            continue
        else:
            message = _difference(here.read(path), content)
        yield Finding(path=path, code="wrong-table", message=one_line(message))


def _name(path: str) -> tuple[str, str]:
    """The table whose file `path` is, and what follows that name; of another file nothing."""
    where = place(path)
    if where is None or where.kind not in ("table", "text"):
        return "", ""
    name = where.parts["name"]
    table = name.removesuffix(MATRIX)
    return table, path.rpartition("/")[2].removeprefix(table)


def _other_parent(
    files: Files, stated: Statement, roles: Mapping[str, str], owners: Mapping[str, str]
) -> str | None:
    """Which of a table's parents is none of its own: another file here, or not named at all."""
    for role, path in roles.items():
        if role not in stated.dependencies:
            return f"its statement names no {role}; it should be {path}"
        named, right = stated.dependencies[role].statement or "", files.statements.get(path)
        if named in owners and (right is None or right.itself != named):
            return f"its {role} was {owners[named]}; it should be {path}"
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
