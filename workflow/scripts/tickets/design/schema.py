"""The JSON schema of a configuration: its defaults, and its violations in one line.

config.schema.json alone defines keys, types, ranges and defaults; the values of `sweep` and
`imp.scope` and the names in `tables` come from the files of criteria, scopes and tables, heads
and metrics from `tasks`, those of `by` in `combine` from `combining`; the keys of a text to
pre-train on are those of a task's data.
"""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, cast

from jsonschema import Draft202012Validator, TypeChecker, ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend

from tickets import axes
from tickets.combining import RANKS
from tickets.design import registry
from tickets.errors import BadInput
from tickets.finder import beside_imp
from tickets.tasks import METRICS

PATH = Path(__file__).with_name("config.schema.json")

Fragment = Mapping[str, Any]

TEXT_KEYS = (
    *("dataset", "text", "train_split", "validation_split", "concatenate"),
    *("train_examples", "validation_examples"),
)
"""The keys of an MLM task's data."""

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
    properties["sweep"]["items"] = {"enum": [*beside_imp(), *own]}
    properties["tables"]["propertyNames"] = {"enum": list(registry.tables())}
    properties["imp"]["properties"]["scope"]["enum"] = list(axes.names("scopes"))
    properties["combine"]["additionalProperties"]["properties"]["by"]["enum"] = list(RANKS)
    task = whole["$defs"]["task"]["properties"]
    task["head"]["enum"] = list(METRICS)
    task["metrics"]["items"]["enum"] = list(chain(*METRICS.values()))
    whole["$defs"]["text"]["properties"] = {key: task[key] for key in TEXT_KEYS}
    return whole


def check(values: Any) -> None:
    """Check a configuration, or whatever a file contains, against the schema.

    Raises:
        BadInput: a line for each mistake, "<key>: <what is wrong>; write <what>".
    """
    criteria = values.get("criteria") if isinstance(values, dict) else None
    own = tuple(map(str, criteria)) if isinstance(criteria, dict) else ()
    lines: dict[str, str] = {}
    for error in sorted(_validator(own).iter_errors(values), key=_relevance):
        for key, line in _mistakes(error):
            lines.setdefault(key, line)
    if lines:
        raise BadInput(*lines.values())


def complete(values: Mapping[str, Any], fragment: Fragment) -> dict[str, Any]:
    """`values` with the fragment's defaults for missing keys, at every depth."""
    completed = dict(values)
    for key, inner in fragment["properties"].items():
        if "default" in inner:
            completed.setdefault(key, inner["default"])
        if "properties" in inner:
            completed[key] = complete(completed[key], inner)
    return completed


def allowed(fragment: Fragment) -> str:
    """The values that a fragment permits, in words: its title, or its keywords."""
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
    """Words joined as in a sentence: "a, b or c"."""
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _is_integer(_: TypeChecker, value: object) -> bool:
    return type(value) is int  # JSON Schema accepts 1.0 too, our flags do not


def _is_number(_: TypeChecker, value: object) -> bool:
    return type(value) in (int, float) and math.isfinite(cast(float, value))


@cache
def _validator(own: tuple[str, ...]) -> Validator:
    kinds = {"integer": _is_integer, "number": _is_number}
    checker = Draft202012Validator.TYPE_CHECKER.redefine_many(kinds)
    return extend(Draft202012Validator, type_checker=checker)(schema(own))


def _relevance(error: ValidationError) -> tuple[int, list[str]]:
    """The shallowest error first. Keys become text, as YAML's need not be comparable."""
    return len(error.absolute_path), [str(part) for part in error.absolute_path]


def _mistakes(error: ValidationError) -> Iterator[tuple[str, str]]:
    """Each key at fault, and its line."""
    fragment = cast(Fragment, error.schema)
    value: Any = error.instance
    if error.validator == "additionalProperties":
        keys = list(fragment["properties"])
        for unknown in (name for name in value if name not in keys):
            near = difflib.get_close_matches(str(unknown), keys, n=1)
            key = _key(error, unknown)
            yield key, f"{key}: unknown key; write {alternatives(near or keys)}"
    elif error.validator == "required":
        for missing in (name for name in fragment["required"] if name not in value):
            key, wanted = _key(error, missing), allowed(fragment["properties"][missing])
            yield key, f"{key}: missing; write {wanted}"
    else:
        yield _key(error), _line(error)


def _line(error: ValidationError) -> str:
    fragment = cast(Fragment, error.schema)
    value: Any = error.instance
    shown = json.dumps(value, default=str, ensure_ascii=False)
    if error.validator == "type" and (number := _as_number(value)) is not None:
        line = f"{_key(error)}: YAML reads {shown} as text; write {number:f}"
        in_list = any(isinstance(part, int) for part in error.absolute_path)
        return f"{line} in a file (--config makes a list of texts)" if in_list else line
    if isinstance(value, bool | date) and _takes_text(fragment):
        read = f"YAML reads this value as {value if isinstance(value, date) else shown}"
        return f"{_key(error)}: {read}; write {allowed(fragment)}, in quotes"
    shown = shown if len(shown) <= 60 else f"{shown[:57]}..."
    wanted = _suggest(value, fragment) or allowed(fragment)
    return f"{_key(error)}: {shown} is not possible; write {wanted}"


def _suggest(value: Any, fragment: Fragment) -> str:
    """The right value where one item stands for a list, or per cent for a share; else empty."""
    if fragment.get("type") == "array" and _fits(value, fragment["items"]):
        return f"[{value}]"
    is_share = 1 in (fragment.get("maximum"), fragment.get("exclusiveMaximum"))
    if is_share and type(value) in (int, float) and value > 1 and _fits(value / 100, fragment):
        return f"{value / 100:g}"
    return ""


def _fits(value: Any, fragment: Fragment) -> bool:
    return _validator(()).evolve(schema=fragment).is_valid(value)


def _key(error: ValidationError, *more: str) -> str:
    path: Iterable[str | int] = (*error.absolute_path, *more)
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    key = "".join(parts).removeprefix(".") or "the whole"
    return key if key.isprintable() else json.dumps(key)


def _as_number(value: object) -> Decimal | None:
    """The number in a text such as 0,7 or 1e-8, which YAML reads as text for want of a point."""
    try:
        return Decimal(value.replace(",", ".")) if isinstance(value, str) else None
    except InvalidOperation:
        return None


def _takes_text(fragment: Fragment) -> bool:
    """Whether a fragment permits text, which `no` or 2024-01-31 without quotes is not."""
    return "string" in fragment.get("type", ()) or "pattern" in fragment
