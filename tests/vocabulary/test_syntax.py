"""One text for all ways to write the same code, and another one for any other code."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.files import sha256
from tickets.syntax import text_of

ROOT = Path(__file__).parents[2]
SAME = {
    "comment": ("x = 1", "# one\nx = 1  # two"),
    "blank lines and indentation": ("if x:\n    y()", "\n\nif x:\n  y()\n\n"),
    "parenthesised lines": ("x = a + b", "x = (\n    a\n    + b\n)"),
    "trailing comma": ("f(a, b)", "f(\n    a,\n    b,\n)"),
    "quotes": ("x = 'a'", 'x = """a"""'),
    "joined texts": ("x = 'ab'", "x = (\n    'a'\n    'b'\n)"),
    "joined f-strings": ("x = f'a{b}c'", "x = 'a' f'{b}' 'c'"),
    "quotes in an f-string": ("x = f'{a[\"b\"]}'", "x = f\"{a['b']}\""),
    "nothing to format by": ("x = f'{a}' f''", "x = f'{a}'"),
    "escapes": (r"x = '\x41\u00e9'", "x = 'Aé'"),
    "a text's prefix": ("x = 'a'", "x = u'a'"),
    "how a number is written": ("x = 1000, 16, 0.5", "x = 1_000, 0x10, 5e-1"),
    "semicolon": ("a = 1\nb = 2", "a = 1; b = 2"),
    "elif": ("if a:\n  b\nelif c:\n  d", "if a:\n  b\nelse:\n  if c:\n    d"),
    "line ends": ("a = 1\nb = 'c'\n", "a = 1\r\nb = 'c'\r\n"),
    "module's docstring": ('"""One."""\nx = 1', '"""Another."""\nx = 1'),
    "no docstring": ("x = 1", '"""One."""\nx = 1'),
    "class's docstring": ('class A:\n  """One."""\n  x = 1', "class A:\n  x = 1"),
    "function's docstring": ("def f():\n  'One.'\n  g()", "def f():\n  g()"),
    "coroutine's docstring": ("async def f():\n  'One.'\n  g()", "async def f():\n  g()"),
    "nothing but a docstring": ("class A:\n  'One.'", "class A: pass"),
    "a text below a constant": ("X = 1\n'What X is.'\nY = 2", "X = 1\nY = 2"),
}
DIFFERENT = {
    "constant": ("x = 1", "x = 2"),
    "truth and number": ("x = True", "x = 1"),
    "whole and other numbers": ("x = 1", "x = 1.0"),
    "real and complex": ("x = 1.0", "x = 1j"),
    "bytes and text": ("x = b''", "x = ''"),
    "none and its name": ("x = None", "x = 'None'"),
    "number and text": ("x = 1", "x = '1'"),
    "none and nothing": ("return_ = lambda: None", "return_ = lambda: 0"),
    "sign": ("x = 1", "x = -1"),
    "operator": ("x = a + b", "x = a - b"),
    "comparison": ("x = a < b", "x = a <= b"),
    "order of operands": ("x = a + b", "x = b + a"),
    "grouping": ("x = a - (b - c)", "x = a - b - c"),
    "name": ("x = a", "x = b"),
    "attribute": ("x.a", "x.b"),
    "assignment and comparison": ("x = y", "x == y"),
    "default": ("def f(a=1): g()", "def f(a=2): g()"),
    "whose default": ("def f(a, b=1): g()", "def f(a=1, b=1): g()"),
    "default by keyword": ("def f(*, a, b=1): g()", "def f(*, a=1, b): g()"),
    "kind of parameter": ("def f(a, /): g()", "def f(*, a): g()"),
    "annotation": ("x: int = 1", "x: float = 1"),
    "decorator": ("@a\ndef f(): g()", "def f(): g()"),
    "order of decorators": ("@a\n@b\ndef f(): g()", "@b\n@a\ndef f(): g()"),
    "base": ("class A(B): x = 1", "class A(C): x = 1"),
    "order of statements": ("a()\nb()", "b()\na()"),
    "what is in a block": ("if a:\n  b()\n  c()", "if a:\n  b()\nc()"),
    "else": ("for a in b:\n  c()\nelse:\n  d()", "for a in b:\n  c()\nd()"),
    "keyword": ("f(a=1)", "f(b=1)"),
    "unpacked": ("f(*a)", "f(**a)"),
    "unpacked in a mapping": ("x = {**a}", "x = {None: a}"),
    "text that is read": ("x = 'One.'", "x = 'Another.'"),
    "returned text": ("def f():\n  return 'One.'", "def f():\n  return 'Another.'"),
    "text in an f-string": ("x = f'a{b}'", "x = f'c{b}'"),
    "value in an f-string": ("x = f'{a}'", "x = f'{b}'"),
    "conversion in an f-string": ("x = f'{a}'", "x = f'{a!r}'"),
    "format in an f-string": ("x = f'{a:.1f}'", "x = f'{a:.2f}'"),
    "value in a format": ("x = f'{a:{b}}'", "x = f'{a:{c}}'"),
    "braces in an f-string": ("x = f'{a}'", "x = f'{{a}}'"),
    "text and f-string": ("x = f'a'", "x = 'a'"),
    "slice": ("x[:1]", "x[1:]"),
    "index and tuple": ("x[1]", "x[1,]"),
    "list and tuple": ("x = [1]", "x = (1,)"),
    "import": ("import a", "import a as b"),
    "level of an import": ("from a import b", "from .a import b"),
    "pattern": ("match a:\n  case None: b()", "match a:\n  case True: b()"),
    "name of a pattern": ("match a:\n  case b: c()", "match a:\n  case _: c()"),
    "coroutine": ("def f(): g()", "async def f(): g()"),
    "yield": ("def f(): yield", "def f(): return"),
}
# Each kind of statement, and all that versions of Python are known to read or print differently.
SAMPLE = '''
"""Docstring."""
from __future__ import annotations
import a.b as c, d
from .e import (f, g as h)
type_ = u"kind"; global_ = b"\\x00\\xe9"[0:1] if False else ...
x: int; y: "str" = 1_000 + 0x1F - 1e400 * 2j // ~3 @ z
text = "\\U0001fae9 \\ud800 é" "'\\"" r"\\n"
shown = f"{x!r:>{y}} {x = } {x:{{}}} {{x}} {x:%H:%M}" f"" "end" f"{x:}{y:{x}.{y}}"
@decorated(1)
class A(B, metaclass=C):
    """Docstring."""
    def m(self, a, /, b: int = 1, *c: int, d, e=None, **f) -> None:
        """Docstring."""
    async def n(self):
        async with a as b, c: await d
        async for e in f: yield e
        return [g async for h in i if j for k in l]
try:
    pass
except* (D, E) as error:
    raise F from error
else:
    del a[1:2, ...], b.c
finally:
    short = lambda *, q=1: q
while (n := 1) < 2 <= 3 is not None not in {*a}: continue
for i, *j in {**a, None: 1}: break
else: assert a, "b"
match a:
    case [1, *_, -2.5 + 3j] | {"k": None, **rest} if b: pass
    case A(c, d=True) as whole: pass
    case _: pass
'''
RECORDED = "cf888f370aca30783d389da9cfcc9adfcb5ea72c691e37a0810498dac90aa120"


def text(code: str) -> str:
    return text_of(ast.parse(code))


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME)
def test_the_same_in_other_words(one: str, other: str) -> None:
    """Layout, comments and docstrings mean nothing."""
    assert text(one) == text(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT)
def test_another_meaning(one: str, other: str) -> None:
    """Whatever Python would do differently is another text."""
    assert text(one) != text(other)


def test_all_examples_differ() -> None:
    """None of them stands for two."""
    codes = [code for pair in DIFFERENT.values() for code in pair]
    by_dump = {ast.dump(ast.parse(code)) for code in codes}

    assert len({text(code) for code in codes}) == len(by_dump)


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
)


@given(values, values)
def test_constants_differ_as_python_prints_them(one: Any, other: Any) -> None:
    """Of any two values, and of one value written in two ways."""
    first, second = f"x = {one!r}", f"x = {other!r}"

    assert (text(first) == text(second)) == (first == second)
    assert text(f"x = (  # one\n{one!r}\n)") == text(first)
    assert text(first).isascii()


PROGRAM = f"""
import ast, hashlib, sys
sys.path.insert(0, {str(ROOT / "workflow" / "scripts")!r})
from tickets.syntax import text_of
for line in sys.stdin:
    with open(line.rstrip(), "rb") as file:
        print(hashlib.sha256(text_of(ast.parse(file.read())).encode()).hexdigest())
"""


def test_the_text_of_every_construct_is_recorded() -> None:
    """In each version of Python, now and later: with another digest, all would run again."""
    assert sha256(text(SAMPLE).encode()) == RECORDED


@pytest.mark.parametrize("name", ["python3.11", "python3.12", "python3.13", "python3.14"])
def test_all_versions_agree(tmp_path: Path, name: str) -> None:
    """On the project's own code and on the sample, where the version is installed."""
    sample = tmp_path / "sample.py"
    sample.write_text(SAMPLE, encoding="utf-8")
    files = [*sorted(ROOT.glob("workflow/scripts/**/*.py")), sample]
    try:
        subprocess.run([name, "-c", ""], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip(f"{name} is not installed")

    done = subprocess.run(
        [name, "-c", PROGRAM],
        input="\n".join(map(str, files)),
        capture_output=True,
        text=True,
        check=True,
    )

    digests = [sha256(text_of(ast.parse(file.read_bytes())).encode()) for file in files]
    assert done.stdout.split() == digests
