"""Impossible times: a remark only, as no check relies on clocks."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime

from tickets import provenance
from tickets.audit.embedded_statements import all_statements
from tickets.audit.findings import Files, Finding, finding_about
from tickets.statements import Statement

_TIME = re.compile(r"[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}Z")


def check(files: Files) -> Iterator[Finding]:
    """Check when each file was made; one finding for each kind of impossible time."""
    now = provenance.now()
    odd: dict[str, list[str]] = defaultdict(list)
    for path, statement in all_statements(files):
        if reason := _odd(statement, now):
            odd[reason].append(path)
    for reason, paths in sorted(odd.items()):
        yield finding_about(paths, "odd-clock", reason)


def _odd(statement: Statement, now: datetime) -> str | None:
    started, finished = _time(statement.started), _time(statement.finished)
    if started is None or finished is None:
        return "its times are not UTC as 2020-12-31T23:59:59Z"
    if finished < started:
        return "it ended before it began"
    return "it ended in the future" if finished > now else None


def _time(text: str) -> datetime | None:
    if not _TIME.fullmatch(text):
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None
