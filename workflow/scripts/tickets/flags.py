"""Command lines from dataclasses: a flag a field, and what a statement records of them.

A field that `flag` or `source` makes is a flag; one that `filled` makes, the entry point fills in.
Any other is neither given nor recorded, and keeps its default.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from functools import cache
from pathlib import Path
from types import NoneType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints, overload

from tickets.statements import exact

First = TypeVar("First")
Second = TypeVar("Second")


@dataclass(frozen=True, kw_only=True)
class Flag:
    """A flag of an entry point.

    name, type, default: its field's (default MISSING: the flag must be given). many: it takes
    several values; most: no more than so many. optional: it may be None. help: what it is. form: of
    its value in a statement, a definition of statement.schema.json or a JSON schema; "": the
    type's. choices: its values, where they are few. read: from its word to its value, where the
    type does not say. metavar: its value in help. null: None is recorded, and not left out.
    alternative: exactly one of its class's alternatives is given. positional: it has no dashes.
    given: the command line has it at all. always: every version of the project records it. role: of
    the file that it names, among those that were read.
    """

    name: str
    type: Any
    default: Any
    many: bool
    optional: bool
    help: str = ""
    form: str | Mapping[str, Any] = ""
    most: int | None = None
    choices: Sequence[str] | None = None
    read: Callable[[str], Any] | None = None
    metavar: str | None = None
    null: bool = False
    alternative: bool = False
    positional: bool = False
    given: bool = True
    always: bool = True
    role: str | None = None

    @property
    def required(self) -> bool:
        """Whether the command line must have it."""
        return self.default is MISSING and not self.optional and self.type is not bool

    def add_to(self, parser: argparse._ActionsContainer) -> None:  # pyright: ignore[reportPrivateUsage]
        """Give a parser this flag."""
        name = self.name if self.positional else f"--{self.name.replace('_', '-')}"
        options: dict[str, Any] = {"help": self.help}
        if self.type is bool:
            options["action"] = "store_true"
        else:
            options["type"] = self.read or self.type
            options["default"] = None if self.default is MISSING else self.default
            options |= {"choices": self.choices, "metavar": self.metavar}
            options |= {"nargs": "+" if self.required else "*"} if self.many else {}
            options |= {"required": True} if self.required and not self.positional else {}
        parser.add_argument(name, **options)


def flag(help: str, *, default: Any = MISSING, **about: Any) -> Any:  # noqa: A002
    """A field that is a flag, with what `Flag` says of it."""
    return field(default=default, metadata={"help": help, **about})


def source(help: str, *, role: str = "", **about: Any) -> Any:  # noqa: A002
    """A field that names a file to read; `role`: in statements, where it is not the field's name.

    It is optional where its type has None.
    """
    return flag(help, role=role, **about)


def filled(form: str | Mapping[str, Any] = "", *, default: Any, **about: Any) -> Any:
    """A field that is recorded, but no flag: the entry point knows its value."""
    return field(default=default, metadata={"form": form, "given": False, **about})


@cache
def flags_of(kind: type) -> tuple[Flag, ...]:
    """The flags that a dataclass declares, and the fields to fill in, in its order."""
    hints = get_type_hints(kind)
    return tuple(
        Flag(name=each.name, default=each.default, **_value(hints[each.name]), **each.metadata)
        for each in fields(kind)
        if each.metadata
    )


@overload
def parse(description: str | None, first: type[First], /) -> First: ...
@overload
def parse(
    description: str | None, first: type[First], second: type[Second], /
) -> tuple[First, Second]: ...
def parse(description: str | None, *kinds: type) -> Any:
    """The command line, as one instance of each of these dataclasses."""
    parser = argparse.ArgumentParser(description=description)
    for kind in kinds:
        flags = [each for each in flags_of(kind) if each.given]
        alternatives = (
            parser.add_mutually_exclusive_group(required=True)
            if any(each.alternative for each in flags)
            else parser
        )
        for each in flags:
            each.add_to(alternatives if each.alternative else parser)
    values = vars(parser.parse_args())
    instances = [
        kind(**{each.name: values[each.name] for each in flags_of(kind) if each.given})
        for kind in kinds
    ]
    return instances[0] if len(instances) == 1 else tuple(instances)


def recorded(parameters: Any) -> dict[str, Any]:
    """The flags of a dataclass as a statement records them: exact, without those not given."""
    values = {
        each.name: (each, getattr(parameters, each.name)) for each in flags_of(type(parameters))
    }
    return {
        name: list(value) if each.many and value is not None else exact(value)
        for name, (each, value) in values.items()
        if value is not None or each.null
    }


def dependencies(files: Any) -> dict[str, Path]:
    """The files of a dataclass that were read, by role, without those not given."""
    sources = [each for each in flags_of(type(files)) if each.role is not None]
    paths = {each.role or each.name: getattr(files, each.name) for each in sources}
    return {role: path for role, path in paths.items() if path is not None}


def _value(hint: Any) -> dict[str, Any]:
    """What an annotation says of a flag's value: its type, how many, whether it may be None."""
    kinds = [kind for kind in get_args(hint) if kind is not NoneType]
    optional = len(kinds) < len(get_args(hint))
    inner = kinds[0] if optional else hint
    many = get_origin(inner) in (Sequence, tuple)
    return {"type": get_args(inner)[0] if many else inner, "many": many, "optional": optional}
