"""All statements of a study: those beside its files, and those embedded in other statements."""

from __future__ import annotations

from collections.abc import Iterator

from tickets.audit.findings import Files
from tickets.statements import Dependency, Statement


def history_if_deletable(parent: Dependency) -> Statement | None:
    """The statement embedded for a parent that may be deleted after use; None for one that lasts,
    whatever is embedded for it.
    """
    history = parent.history
    return None if history is None or history.is_kept else history


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
