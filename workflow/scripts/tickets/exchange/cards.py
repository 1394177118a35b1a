"""What the cards of an exported ticket and of published masks have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tickets.statements import Statement

TAGS = ["lottery-ticket", "pruning"]


def front_matter(fields: Mapping[str, Any]) -> str:
    """A card's first lines, which the hub reads; fields that are empty are left out."""
    import yaml

    given = {name: value for name, value in fields.items() if value}
    return f"---\n{yaml.safe_dump(given, sort_keys=False, allow_unicode=True)}---\n"


def code_of(statement: Statement) -> str:
    """The code that made a file."""
    if statement.commit is None:
        return "not known"
    changes = ", with changes that are not in it" if statement.clean is False else ""
    return f"commit `{statement.commit}`{changes}"
