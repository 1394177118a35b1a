"""Whether a statement has the fields of its rule and no others, by statement.schema.json.

A rule's parameters are the dataclass in tickets/rules that declares them, a table's those of its
declaration; those of a mask's rule follow from its criterion or procedure. The file has the rest.
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
from tickets.criterion import load_criterion
from tickets.design import registry
from tickets.finder import at_theta_0, criterion_of, is_round
from tickets.flags import Flag, flags_of
from tickets.procedure import load_procedure
from tickets.rules import (
    adapt,
    combine_masks,
    corpus,
    data,
    encode,
    initial_loss,
    interpolate,
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
from tickets.tasks import METRICS

PATH = Path(__file__).with_name("statement.schema.json")
RULES = "#/definitions/rules"
PARAMETERS: Mapping[str, type] = {
    rule.__name__.rpartition(".")[2]: rule.Parameters
    for rule in (
        *(train, layerwise_mask, combine_masks, winning_mask, reinit, shuffle, theta_0, pretrain),
        *(corpus, language, pretraining_text, data, encode, majority, metrics),
        *(interpolate, initial_loss, adapt),
    )
}
"""The parameters that rules declare, by rule."""


def problem(value: Mapping[str, Any]) -> str | None:
    """Where and how a statement's JSON violates the schema; None if it does not.

    Embedded statements are checked too.
    """
    try:
        _validate()(value)
    except JsonSchemaValueException as error:
        where = (error.name or "").removeprefix("data").removeprefix(".") or "the whole"
        return where + error.message.removeprefix(error.name or "")
    except RecursionError:
        return "statements are embedded in it too deeply"
    return None


@cache
def schema() -> Mapping[str, Any]:
    """The JSON schema of a statement (draft 7): the file's, with the rules that code declares."""
    whole = json.loads(PATH.read_text(encoding="utf-8"))
    definitions = whole["definitions"]
    definitions["scope"]["enum"] = list(axes.names("scopes"))
    definitions["head"]["enum"] = list(METRICS)
    definitions["part"]["enum"] = list(registry.all_parts())
    rules = definitions["rules"]
    rules |= {name: form_of(parameters) for name, parameters in PARAMETERS.items()}
    rules |= {"find_mask": _find_mask(), "prune": _prune()}
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
    required = [
        each.name
        for each in flags
        if each.always and (each.null or not (each.optional and each.given))
    ]
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
    """The schema compiled to code, which checks a statement in half a millisecond."""
    return fastjsonschema.compile(dict(schema()), use_default=False, use_formats=False)


_NEEDED = {
    **dict.fromkeys(("labels", "batch_size", "threads", "steps"), "positive"),
    **dict.fromkeys(("mlm_probability", "epochs", "learning_rate"), "decimal"),
    **dict.fromkeys(("adam_epsilon", "clip_norm"), "decimal"),
    **{name: name for name in ("task", "head", "precision", "scope")},
    "finder": "task",
    **{"seed": "count", "sparsity": "percent", "rewind": "percent"},
    **dict.fromkeys(("max_length", "round"), "positive"),
}
"""The definition of each parameter of a study by name; all others are text."""

_OWN = {int: "count", float: "decimal", str: "text", bool: "boolean"}
"""The definition of a parameter by type, where nothing more is known of it."""


def _find_mask() -> Mapping[str, Any]:
    """The fields of the statement of a mask that theta_0 decides, by its finder."""
    kinds = {name: _known(_NEEDED[name]) for name in ("finder", "scope", "sparsity")}
    own = _object(kinds, required=kinds, others={"type": ["integer", "string"]})
    dense = {"finder": _known("task"), "sparsity": {"const": "0"}}
    forms = {finder: _parameters(finder) for finder in at_theta_0()}
    return _by_finder(forms | {"dense": _object(dense, required=dense)}, own)


def _prune() -> Mapping[str, Any]:
    """The same of a mask that is found in rounds; earlier versions had no other rule."""
    rounds = filter(is_round, axes.names("procedures"))
    return _by_finder({each: _parameters(each) for each in rounds}, _known("pruned_once"))


def _parameters(finder: str) -> Mapping[str, Any]:
    criterion = load_criterion(criterion_of(finder))
    rounds = ("round", *load_procedure(finder).of) if is_round(finder) else ()
    names = ("finder", "scope", "sparsity", *rounds, *criterion.of, *criterion.needs)
    kinds = {name: _known(_NEEDED.get(name, "text")) for name in names}
    kinds |= {name: _known(_OWN[type(value)]) for name, value in criterion.parameters.items()}
    return _object(kinds, required=kinds)


def _by_finder(forms: Mapping[str, Any], otherwise: Mapping[str, Any]) -> Mapping[str, Any]:
    """Each finder's form, and that of all others: side by side, as Python limits how deep the code
    that checks them can be nested.
    """
    known = {"properties": {"finder": {"enum": list(forms)}}}
    each = [
        {"if": {"properties": {"finder": {"const": finder}}}, "then": form}
        for finder, form in forms.items()
    ]
    return {"allOf": [*each, {"if": known, "else": otherwise}]}


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
