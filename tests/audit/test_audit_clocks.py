"""Times that cannot be are remarked on."""

from __future__ import annotations

import pytest

from repositories import carried, folder_of, stated
from tickets.audit import clocks
from tickets.audit.findings import Finding
from tickets.statements import Statement


def found(*statements: Statement) -> list[Finding]:
    files = folder_of({f"masks/{number}": each for number, each in enumerate(statements)})
    return list(clocks.check(files))


def timed(started: str, finished: str) -> Statement:
    return stated(None, started=started, finished=finished)


def test_times_that_can_be_are_no_finding() -> None:
    """A file may be made within a second."""
    assert found(timed("2026-11-24T18:31:42Z", "2026-11-24T18:31:42Z")) == []


@pytest.mark.parametrize(
    ("started", "finished", "reason"),
    [
        ("2026-11-24T18:31:43Z", "2026-11-24T18:31:42Z", "before it began"),
        ("2026-11-24T18:31:42Z", "9999-12-31T23:59:59Z", "in the future"),
        ("2026-11-24T18:31:42+01:00", "2026-11-24T18:31:43Z", "not UTC"),
        ("2026-11-24T18:31:42Z", "2026-11-24 18:31:43Z", "not UTC"),
        ("2026-11-24T18:31:42Z", "2026-11-24T18:31:43Z\n", "not UTC"),
        ("2026-02-30T18:31:42Z", "2026-11-24T18:31:43Z", "not UTC"),
        ("2026-11-24T18:31:60Z", "2026-11-24T18:31:63Z", "not UTC"),
        ("٢٠٢٦-11-24T18:31:42Z", "2026-11-24T18:31:43Z", "not UTC"),
        ("", "None", "not UTC"),
    ],
)
def test_an_odd_time_is_a_remark(started: str, finished: str, reason: str) -> None:
    """Clocks differ: it is no fault."""
    (finding,) = found(timed(started, finished))

    assert (finding.path, finding.code, finding.is_fault) == ("masks/0", "odd-clock", False)
    assert reason in finding.message


def test_one_remark_a_way_in_which_times_are_odd() -> None:
    """Of those carried inside too."""
    future = timed("9998-12-31T23:59:59Z", "9999-12-31T23:59:59Z")
    carrier = stated(None, dependencies={"ticket": carried(future)})

    ended, ahead = found(timed("2026-01-01T00:00:01Z", "2026-01-01T00:00:00Z"), carrier, future)

    assert ended.message == "this file: it ended before it began"
    assert (ahead.path, ahead.message) == ("masks/2", "this file: it ended in the future")
