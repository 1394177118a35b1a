from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields
from decimal import Decimal
from itertools import chain
from pathlib import Path

import pytest

from tickets.design import schema
from tickets.tasks import METRICS, Task

README = Path(__file__).parents[2] / "config" / "README.md"
BEGIN, END = "<!-- keys: begin -->\n", "<!-- keys: end -->\n"


def paths(fragment: schema.Fragment, prefix: str = "") -> Iterator[tuple[str, schema.Fragment]]:
    """Every key below a fragment, dotted, with what the schema says of it; `*` is any task."""
    for key, known in fragment["properties"].items():
        yield prefix + key, known
        inner = schema.resolve(known)
        if "properties" in inner:
            yield from paths(inner, f"{prefix}{key}.")
        if key == "tasks":
            yield from paths(schema.resolve(inner["additionalProperties"]), "tasks.*.")


KEYS = dict(paths(schema.schema()))


def objects(fragment: schema.Fragment) -> Iterator[schema.Fragment]:
    """Every object with named keys in a schema."""
    if "properties" in fragment:
        yield fragment
    for value in fragment.values():
        if isinstance(value, dict):
            yield from objects(value)


def test_unknown_keys_are_refused_everywhere() -> None:
    """No object of the schema lets a misspelt key pass."""
    found = list(objects(schema.schema()))

    assert len(found) >= 8
    assert all(each["additionalProperties"] is False for each in found)


def test_every_key_has_a_default_or_must_be_written() -> None:
    """Nothing can be absent from a completed configuration; a task's keys differ from a table."""

    def check(fragment: schema.Fragment) -> None:
        for key, known in fragment["properties"].items():
            assert ("default" in known) != (key in fragment.get("required", ())), key
            if "properties" in known:
                check(known)

    check(schema.schema())


def test_the_schema_and_the_table_of_tasks_name_the_same_keys() -> None:
    """What a task has is what a configuration may change of it."""
    fragment = schema.schema()["$defs"]["task"]["properties"]

    assert set(fragment) == {field.name for field in fields(Task)} - {"name"}
    assert set(fragment["head"]["enum"]) == set(METRICS)
    assert set(fragment["metrics"]["items"]["enum"]) == set(chain(*METRICS.values()))


def table() -> str:
    """config/README.md's table of keys, as the schema has it."""
    rows = ["| key | what it is | value | default |", "|---|---|---|---|"]
    for key, known in KEYS.items():
        name = key.replace("*", "<task>")
        cells = f"`{name}`", known["description"], schema.allowed(known), shown(known)
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def shown(fragment: schema.Fragment) -> str:
    """A default as YAML reads it (1e-8 would be text); a section's are those of its keys."""
    if "default" not in fragment or "properties" in fragment:
        return ""
    default = fragment["default"]
    text = f"{Decimal(str(default)):f}" if isinstance(default, float) else json.dumps(default)
    return f"`{text}`"


def test_the_readme_says_what_the_schema_says(request: pytest.FixtureRequest) -> None:
    """The table of keys is the schema's; `pytest tests/design/test_schema.py --fix` rewrites it."""
    head, rest = README.read_text(encoding="utf-8").split(BEGIN)
    found, tail = rest.split(END)
    if request.config.getoption("--fix"):
        README.write_text(head + BEGIN + table() + END + tail, encoding="utf-8")
        return

    assert found == table()
