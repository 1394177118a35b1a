"""Python code as a text that depends on its meaning alone.

Comments, docstrings and layout are left out. Every version of Python that can parse the code gives
the same text; `ast.dump` does not, as its fields and escapes differ between versions.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from itertools import groupby

# `ctx` follows from an expression's position; `kind` is only how a constant was written.
IGNORED = {"ctx", "kind"}


def text_of(tree: object) -> str:
    """The text of a syntax tree: each node's type and its fields that are not empty."""
    match tree:
        case ast.Constant(value=value):
            return f"Constant({value!a})"
        case ast.JoinedStr(values=values):
            return f"JoinedStr({_text_of_each(_joined(values))})"
        case ast.AST():
            fields = (f"{name}={text}" for name, text in _fields(tree))
            return f"{type(tree).__name__}({','.join(fields)})"
        case _:
            return ascii(tree)


def _fields(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Name and text of each field. Empty ones are left out, as newer versions add fields."""
    for name, value in ast.iter_fields(node):
        if isinstance(value, list):
            value = [each for each in value if not _does_nothing(each)]
            if value:
                yield name, f"[{_text_of_each(value)}]"
        elif value is not None and name not in IGNORED:
            yield name, text_of(value)


def _text_of_each(values: Iterable[object]) -> str:
    return ",".join(map(text_of, values))


def _does_nothing(node: object) -> bool:
    """Whether a node is `pass`, a docstring or another string on its own."""
    match node:
        case ast.Pass() | ast.Expr(value=ast.Constant(value=str())):
            return True
        case _:
            return False


def _joined(parts: Iterable[ast.expr]) -> Iterator[ast.expr]:
    """An f-string's parts, adjacent texts joined, as versions split them differently."""
    for literal, group in groupby(parts, key=lambda part: isinstance(part, ast.Constant)):
        if not literal:
            yield from group
        elif text := "".join(str(part.value) for part in group if isinstance(part, ast.Constant)):
            yield ast.Constant(text)
