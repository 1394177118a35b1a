"""Whether a statement has the fields of its rule and no others, as statement.schema.json says.

A rule's parameters are the dataclass that declares them in tickets/rules, a table's those of its
declaration; what a mask's statement has follows from its criterion. The file has all the rest.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import fastjsonschema
from fastjsonschema import JsonSchemaValueException

from tickets import axes
from tickets.audit.embedded_statements import one_line
from tickets.criterion import load_criterion
from tickets.design import registry
from tickets.finder import at_theta_0, criterion_of
from tickets.flags import Flag, flags_of
from tickets.rules import (
    corpus,
    data,
    encode,
    language,
    layerwise_mask,
    majority,
    metrics,
    pretrain,
    pretraining_text,
    reinit,
    shuffle,
    theta_0,
    train,
    winning_mask,
)

PATH = Path(__file__).parents[3] / "schemas" / "statement.schema.json"
RULES = "#/definitions/rules"
PARAMETERS: Mapping[str, type] = {
    rule.__name__.rpartition(".")[2]: rule.Parameters
    for rule in (
        *(train, layerwise_mask, winning_mask, reinit, shuffle, theta_0, pretrain, corpus),
        *(language, pretraining_text, data, encode, majority, metrics),
    )
}
"""The parameters that rules declare, by rule."""


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
    """The JSON schema of a statement (draft 7): the file's, with the rules that code declares."""
    whole = json.loads(PATH.read_text(encoding="utf-8"))
    definitions = whole["definitions"]
    definitions["scope"]["enum"] = list(axes.names("scopes"))
    definitions["part"]["enum"] = list(registry.all_parts())
    rules = definitions["rules"]
    rules |= {name: form_of(parameters) for name, parameters in PARAMETERS.items()}
    rules["find_mask"] = _find_mask()
    rules |= {name: table.form() for name, table in registry.tables().items()}
    definitions["parameters"]["properties"]["rule"]["enum"] = list(rules)
    definitions["parameters"]["allOf"] = [
        {"if": {"properties": {"rule": {"const": name}}}, "then": {"$ref": f"{RULES}/{name}"}}
        for name in rules
    ]
    return whole


def form_of(parameters: type) -> Mapping[str, Any]:
    """The JSON schema of a rule's parameters, from the dataclass that declares them."""
    flags = flags_of(parameters)
    required = [each.name for each in flags if each.null or not (each.optional and each.given)]
    form = _object({each.name: _form(each) for each in flags}, required)
    alternatives = [{"required": [each.name]} for each in flags if each.alternative]
    return {**form, "oneOf": alternatives} if alternatives else form


def _form(flag: Flag) -> Mapping[str, Any]:
    """The JSON schema of a flag's value."""
    form = flag.form or _OWN[flag.type]
    form = _known(form) if isinstance(form, str) else form
    if flag.choices:
        form = {"enum": list(flag.choices)}
    if flag.many:
        form = {"type": "array", "items": form, "uniqueItems": flag.choices is not None}
        form |= {"minItems": 1} if flag.required else {}
        form |= {"maxItems": flag.most} if flag.most else {}
    return {"anyOf": [form, {"type": "null"}]} if flag.null else form


@cache
def _validate() -> Callable[[Any], Any]:
    """The schema as code: a document takes half a millisecond."""
    return fastjsonschema.compile(dict(schema()), use_default=False, use_formats=False)


_NEEDED = {
    **dict.fromkeys(("labels", "batch_size", "threads", "steps"), "positive"),
    **dict.fromkeys(("mlm_probability", "epochs", "learning_rate"), "decimal"),
    **{name: name for name in ("task", "head", "precision", "scope")},
    "finder": "task",
    **{"seed": "count", "sparsity": "percent", "max_length": "positive"},
}
"""What a parameter's value is, by its name; all others of a study are text."""

_OWN = {int: "count", float: "decimal", str: "text", bool: "boolean"}
"""The same by its type, where nothing more is known of it."""


def _find_mask() -> Mapping[str, Any]:
    """What the statement of a mask that theta_0 decides has, by its finder."""
    kinds = {name: _known(_NEEDED[name]) for name in ("finder", "scope", "sparsity")}
    own = _object(kinds, required=kinds, others={"type": ["integer", "string"]})
    for finder in at_theta_0():
        own = _if_finder(finder, _parameters(finder), own)
    dense = {"finder": _known("task"), "sparsity": {"const": "0"}}
    return _if_finder("dense", _object(dense, required=dense), own)


def _parameters(finder: str) -> Mapping[str, Any]:
    criterion = load_criterion(criterion_of(finder))
    names = ("finder", "scope", "sparsity", *criterion.of, *criterion.needs)
    kinds = {name: _known(_NEEDED.get(name, "text")) for name in names}
    kinds |= {name: _known(_OWN[type(value)]) for name, value in criterion.parameters.items()}
    return _object(kinds, required=kinds)


def _if_finder(
    finder: str, then: Mapping[str, Any], otherwise: Mapping[str, Any]
) -> Mapping[str, Any]:
    this = {"properties": {"finder": {"const": finder}}}
    return {"if": this, "then": then, "else": otherwise}


def _object(
    kinds: Mapping[str, Any], required: Iterable[str], others: Any = False
) -> Mapping[str, Any]:
    return {
        "required": list(required),
        "properties": {"rule": {}, **kinds},
        "additionalProperties": others,
    }


def _known(definition: str) -> Mapping[str, str]:
    return {"$ref": f"#/definitions/{definition}"}
