"""Python code as one text that all ways to write the same statements share.

Comments, docstrings and layout take no part. Every Python that can read the code gives the same
text: `ast.dump` does not, whose fields and escapes differ between versions.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from itertools import groupby

# What follows from an expression's place, and what only says how a constant was written.
IGNORED = {"ctx", "kind"}


def text_of(tree: object) -> str:
    """The text of a syntax tree: each node's type and those of its fields that are not empty."""
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
    """The fields of a node with a text each. An empty one has none: a newer Python knows more."""
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
    """Whether a node is a docstring, another statement that is only a text, or `pass`."""
    match node:
        case ast.Pass() | ast.Expr(value=ast.Constant(value=str())):
            return True
        case _:
            return False


def _joined(parts: Iterable[ast.expr]) -> Iterator[ast.expr]:
    """An f-string's parts, neighbouring texts as one: versions divide them differently."""
    for literal, group in groupby(parts, key=lambda part: isinstance(part, ast.Constant)):
        if not literal:
            yield from group
        elif text := "".join(str(part.value) for part in group if isinstance(part, ast.Constant)):
            yield ast.Constant(text)
