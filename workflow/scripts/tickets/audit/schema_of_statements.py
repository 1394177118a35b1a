"""Whether a statement has the fields of its rule and no others, as statement.schema.json says."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import fastjsonschema
from fastjsonschema import JsonSchemaValueException

from tickets.audit.histories import one_line
from tickets.design import registry

PATH = Path(__file__).parents[3] / "schemas" / "statement.schema.json"
RULES = "#/definitions/rules"


def problem(value: Mapping[str, Any]) -> str | None:
    """Where a statement's JSON is not as the schema says, and how; None where all of it is.

    The statements that it carries inside are looked at too.
    """
    try:
        _validate()(value)
    except JsonSchemaValueException as error:
        where = (error.name or "").removeprefix("data").removeprefix(".") or "the whole"
        return one_line(where + error.message.removeprefix(error.name or ""))
    except RecursionError:
        return "it carries too many statements inside each other"
    return None


@cache
def schema() -> Mapping[str, Any]:
    """The JSON schema of a statement (draft 7): the file's, and what it lacks of the tables'."""
    value = json.loads(PATH.read_text(encoding="utf-8"))
    parameters, rules = value["definitions"]["parameters"], value["definitions"]["rules"]
    for name, table in registry.tables().items():
        if name not in rules:
            rules[name] = table.form()
            parameters["properties"]["rule"]["enum"].append(name)
            chosen = {"properties": {"rule": {"const": name}}}
            parameters["allOf"].append({"if": chosen, "then": {"$ref": f"{RULES}/{name}"}})
            rules["metrics"]["properties"]["part"]["enum"] += [table.part] if table.part else []
    return value


@cache
def _validate() -> Callable[[Any], Any]:
    """The schema as code: a document takes half a millisecond."""
    return fastjsonschema.compile(dict(schema()), use_default=False, use_formats=False)
