"""The Hugging Face hub: ids, commits, and its refusals as one line each."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from tickets.errors import BadInput

LIBRARY = "huggingface_hub"
ID = re.compile(r"[\w.-]+/[\w.-]+")
COMMIT = re.compile(r"[0-9a-f]{40}")
"""A branch or a short id may point elsewhere tomorrow."""

_BY_STATUS = {
    401: "(it asks who you are); set HF_TOKEN to a valid token",
    403: "(forbidden); set HF_TOKEN to a token that may do that",
    429: "(too many requests); wait some minutes, then run again",
}


@contextmanager
def one_line(problem: str, remedy: str) -> Generator[None]:
    """Raise what the hub, or the way to it, refuses in the block as one line.

    The line is `problem`, the reason, and what to do: `remedy`, unless the reason decides that.

    Raises:
        BadInput: a refusal; or the hub's library is not installed.
    """
    if find_spec(LIBRARY) is None:
        raise BadInput(f"{LIBRARY} is not installed, and the hub is read by it; install it")
    try:
        yield
    except refusals() as error:
        raise BadInput(f"{problem} {_explain(error, remedy)}") from None


def refusals() -> tuple[type[Exception], ...]:
    """What the hub's library raises: refusals, broken connections, answers that are none."""
    return OSError, RuntimeError, ValueError, _errors().HTTPError


def _explain(error: Exception, remedy: str) -> str:
    """The reason in parentheses, and what to do."""
    errors = _errors()
    refusal: Any = error
    # Because of a refusal the library may say that its cache has no copy, or an upload failed.
    while refusal is not None and not isinstance(refusal, errors.HfHubHTTPError):
        refusal = refusal.__cause__
    match refusal:
        case errors.GatedRepoError():
            return "(it is gated); ask for access on its page, and set HF_TOKEN to your token"
        case errors.RepositoryNotFoundError():
            return (
                "(there is none of that name, or it is private); correct the name, or set HF_TOKEN"
                " to a token that may read it"
            )
        case errors.RevisionNotFoundError():
            return "(it has no such commit); take one that its page shows under 'History'"
        case errors.EntryNotFoundError():
            return "(it has no such file); correct the path; its page shows the files"
        case errors.HfHubHTTPError() if refusal.response.status_code in _BY_STATUS:
            return _BY_STATUS[refusal.response.status_code]
        case _:
            lines = str(refusal or error).strip().splitlines() or [type(error).__name__]
            return f"({lines[0]}); {remedy}"


def _errors() -> Any:
    return import_module(f"{LIBRARY}.errors")
