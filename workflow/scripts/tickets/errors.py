"""One class per broken promise, and the one place where they reach the user."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable


class TicketsError(Exception):
    """A problem that its reader can mend: one line saying what, where, and what to do instead."""


class BadInput(TicketsError):
    """Configuration, model or data that the workflow cannot work with."""


class Tampered(TicketsError):
    """A file that is not the one its statement speaks of; `code`: which fault (docs/audit.md)."""

    def __init__(self, message: str, code: str = "changed-file") -> None:
        super().__init__(message)
        self.code = code


class Diverged(TicketsError):
    """A training whose loss is no longer a number."""


class CannotWrite(TicketsError):
    """A file that the system refuses to take; what stood in its place is untouched."""


class Interrupted(TicketsError):
    """A training that a signal stopped after its checkpoint was written; run again, it goes on."""


def run(main: Callable[[], None]) -> None:
    """Call an entry point and end the process; a `TicketsError` is one line, and exit status 1."""
    status = 0
    try:
        main()
    except TicketsError as error:
        print(f"error: {error}", file=sys.stderr)
        status = 1
    if "torch" not in sys.modules:
        sys.exit(status)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # shutting torch down takes 0.3 of its 1.0 CPU seconds
