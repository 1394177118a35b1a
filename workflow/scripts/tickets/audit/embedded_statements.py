"""All statements of a study: those beside its files, and those embedded in other statements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tickets.audit.findings import Files, Finding
from tickets.statements import Statement

LONGEST = 500
"""The most characters of a message."""


def all_statements(files: Files) -> Iterator[tuple[str, Statement]]:
    """Each statement with its file's path, sorted; then each statement that is only embedded, once,
    with the path of a file whose statement embeds it.
    """
    own = sorted(files.statements.items())
    yield from own
    seen = {statement.itself for _, statement in own}
    for path, statement in own:
        waiting = [statement]
        while waiting:
            for dependency in waiting.pop().dependencies.values():
                embedded = dependency.history
                if embedded is not None and embedded.itself not in seen:
                    seen.add(embedded.itself)
                    waiting.append(embedded)
                    yield path, embedded


def finding_about(paths: Sequence[str], code: str, message: str) -> Finding:
    """One finding about all of `paths`, at the first of them."""
    files = "this file" if len(paths) == 1 else f"{len(paths)} files, this the first"
    return Finding(path=paths[0], code=code, message=one_line(f"{files}: {message}"))


def one_line(text: str) -> str:
    """`text`, which may quote a statement, escaped and cut to one line."""
    line = text.encode("unicode_escape").decode()
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 3]}..."
