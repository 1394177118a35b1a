"""The errors that users can mend, and the place where they are printed."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")


class TicketsError(Exception):
    """A problem that the user can mend; one line: what is wrong, where, what to do instead."""

    def report(self) -> str:
        """What a program prints."""
        return f"error: {self}"


class BadInput(TicketsError):
    """Configuration, model or data that the workflow cannot use: a line for each mistake."""

    def __init__(self, *mistakes: str) -> None:
        # A path in a message may hold a line break.
        self.mistakes = [" ".join(mistake.splitlines()) for mistake in mistakes]
        super().__init__("\n".join(self.mistakes))

    def report(self) -> str:
        """What a program prints."""
        return "\n".join(f"error: {mistake}" for mistake in self.mistakes)


def collect(calls: Iterable[Callable[[], T]]) -> list[T]:
    """The results of all calls; the mistakes of all that fail together, in one `BadInput`."""
    results: list[T] = []
    mistakes: list[str] = []
    for call in calls:
        try:
            results.append(call())
        except BadInput as error:
            mistakes += error.mistakes
    if mistakes:
        raise BadInput(*mistakes)
    return results


class Tampered(TicketsError):
    """A file that does not fit its statement; `code` is the fault's (docs/audit.md)."""

    def __init__(self, message: str, code: str = "changed-file") -> None:
        super().__init__(message)
        self.code = code


class Diverged(TicketsError):
    """A training whose loss is not a number."""


class CannotWrite(TicketsError):
    """A file that the system refuses to write; an earlier one is unchanged."""


class Interrupted(TicketsError):
    """A training that a signal stopped after writing a checkpoint; run it again to continue."""


def run(main: Callable[[], None]) -> None:
    """Call an entry point and exit; print a `TicketsError` as one line, with exit status 1, and an
    interruption too.
    """
    status = 0
    try:
        main()
    except TicketsError as error:
        print(error.report(), file=sys.stderr)
        status = 1
    except KeyboardInterrupt:
        print("error: interrupted", file=sys.stderr)
        status = 1
    if "torch" not in sys.modules:
        sys.exit(status)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # shutting torch down takes 0.3 of its 1.0 CPU seconds
