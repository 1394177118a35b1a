"""The JSON schema of a configuration: its defaults applied, its violations said in one line.

Keys, types, ranges and defaults stand in workflow/schemas/config.schema.json and nowhere else; the
values of `sweep` and of `imp.scope` are the files that there are, heads and metrics those of tasks.
"""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, cast

from jsonschema import Draft202012Validator, TypeChecker, ValidationError
from jsonschema.exceptions import best_match
from jsonschema.protocols import Validator
from jsonschema.validators import extend

from tickets import axes
from tickets.errors import BadInput
from tickets.finder import at_theta_0
from tickets.tasks import METRICS

PATH = Path(__file__).parents[3] / "schemas" / "config.schema.json"

Fragment = Mapping[str, Any]

_KINDS = {
    "string": "text",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "object": "a mapping",
}
_BOUNDS = {
    "minimum": "of at least",
    "exclusiveMinimum": "above",
    "maximum": "of at most",
    "exclusiveMaximum": "below",
}


@cache
def schema(own: tuple[str, ...] = ()) -> Fragment:
    """The schema of a whole configuration; `own` names the study's own criteria."""
    whole = json.loads(PATH.read_text(encoding="utf-8"))
    properties = whole["properties"]
    properties["sweep"]["items"] = {"enum": [*at_theta_0(), *own]}
    properties["imp"]["properties"]["scope"]["enum"] = list(axes.names("scopes"))
    task = whole["$defs"]["task"]["properties"]
    task["head"]["enum"] = list(METRICS)
    task["metrics"]["items"]["enum"] = list(chain(*METRICS.values()))
    return whole


def check(values: Any) -> None:
    """Check a configuration, or whatever a file holds, against the schema.

    Raises:
        BadInput: one line, "<key>: <what is wrong>; write <what>".
    """
    criteria = values.get("criteria") if isinstance(values, dict) else None
    own = tuple(map(str, criteria)) if isinstance(criteria, dict) else ()
    error = best_match(_validator(own).iter_errors(values), key=_relevance)
    if error is not None:
        raise BadInput(_line(error))


def complete(values: Mapping[str, Any], fragment: Fragment) -> dict[str, Any]:
    """`values` with the fragment's defaults for whatever is missing, at every depth."""
    completed = dict(values)
    for key, known in fragment["properties"].items():
        if "default" in known:
            completed.setdefault(key, known["default"])
        if "properties" in known:
            completed[key] = complete(completed[key], known)
    return completed


def allowed(fragment: Fragment) -> str:
    """What a fragment permits, in words: its title, or what its keywords say."""
    if "$ref" in fragment:
        return allowed(resolve(fragment))
    if "title" in fragment:
        return fragment["title"]
    if "enum" in fragment:
        return alternatives(fragment["enum"])
    if fragment["type"] == "array":
        return f"a list of {allowed(fragment['items'])}"
    kinds = [fragment["type"]] if isinstance(fragment["type"], str) else fragment["type"]
    bounds = " and ".join(
        f"{words} {fragment[key]}" for key, words in _BOUNDS.items() if key in fragment
    )
    return alternatives([f"{_KINDS[kinds[0]]} {bounds}".strip(), *kinds[1:]])


def resolve(fragment: Fragment) -> Fragment:
    """The definition that a fragment refers to, or itself."""
    if "$ref" not in fragment:
        return fragment
    return schema()["$defs"][fragment["$ref"].removeprefix("#/$defs/")]


def alternatives(words: Sequence[str]) -> str:
    """Words as a sentence lists them: "a, b or c"."""
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _is_integer(_: TypeChecker, value: object) -> bool:
    return type(value) is int  # JSON Schema takes 1.0 too, which no flag of ours does


def _is_number(_: TypeChecker, value: object) -> bool:
    return type(value) in (int, float) and math.isfinite(cast(float, value))


@cache
def _validator(own: tuple[str, ...]) -> Validator:
    kinds = {"integer": _is_integer, "number": _is_number}
    checker = Draft202012Validator.TYPE_CHECKER.redefine_many(kinds)
    return extend(Draft202012Validator, type_checker=checker)(schema(own))


def _relevance(error: ValidationError) -> tuple[int, list[str]]:
    """The shallowest error first. YAML's keys need not be text, which alone compares."""
    return -len(error.absolute_path), [str(part) for part in error.absolute_path]


def _line(error: ValidationError) -> str:
    fragment = cast(Fragment, error.schema)
    value: Any = error.instance
    if error.validator == "additionalProperties":
        known = list(fragment["properties"])
        unknown = next(name for name in value if name not in known)
        near = difflib.get_close_matches(str(unknown), known, n=1)
        return f"{_key(error, unknown)}: unknown key; write {alternatives(near or known)}"
    if error.validator == "required":
        missing = next(name for name in fragment["required"] if name not in value)
        wanted = allowed(fragment["properties"][missing])
        return f"{_key(error, missing)}: missing; write {wanted}"
    said = json.dumps(value, default=str, ensure_ascii=False)
    if error.validator == "type" and (number := _as_number(value)) is not None:
        return f"{_key(error)}: YAML reads {said} as text; write {number:f}"
    if isinstance(value, bool | date) and _takes_text(fragment):
        read = f"YAML reads what stands there as {value if isinstance(value, date) else said}"
        return f"{_key(error)}: {read}; write {allowed(fragment)}, in quotes"
    said = said if len(said) <= 60 else f"{said[:57]}..."
    return f"{_key(error)}: {said} is not possible; write {allowed(fragment)}"


def _key(error: ValidationError, *more: str) -> str:
    path: Iterable[str | int] = (*error.absolute_path, *more)
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    key = "".join(parts).removeprefix(".") or "the whole"
    return key if key.isprintable() else json.dumps(key)


def _as_number(value: object) -> Decimal | None:
    """The number in a text such as 1e-8, which YAML takes for text as it has no decimal point; or
    such as 0,7.
    """
    try:
        return Decimal(value.replace(",", ".")) if isinstance(value, str) else None
    except InvalidOperation:
        return None


def _takes_text(fragment: Fragment) -> bool:
    """Whether text may stand where a `no` became a boolean, and 2024-01-31 a date."""
    return "string" in fragment.get("type", ()) or "pattern" in fragment
