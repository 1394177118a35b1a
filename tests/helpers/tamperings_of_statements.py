"""Rows of the tamper table: statements, paths, clocks, code (classes D to I)."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

from forgery import definition, dependency, parameters, restate
from tamperings import FIRST, SECOND, edited, raw, tampering, upper
from tickets.provenance import statement_path

# D and E: statements and digests

tampering("D", "a key twice", "bad-json")(
    raw(lambda data: data.replace(b'{"_type"', b'{"_type":"x","_type"', 1))
)
tampering("D", "a number that is not whole", "bad-json")(
    raw(lambda data: data.replace(b'"round":1,', b'"round":1.0,'))
)
tampering("D", "NaN", "bad-json")(raw(lambda data: data.replace(b'"round":1,', b'"round":NaN,')))
tampering("D", "a number above 2^53", "bad-json")(
    raw(lambda data: data.replace(b'"round":1,', b'"round":9007199254740993,'))
)
tampering("D", "a byte order mark", "bad-json")(raw(lambda data: b"\xef\xbb\xbf" + data))
tampering("D", "half of a surrogate pair", "bad-json")(
    raw(lambda data: data.replace(b'"rule":"prune"', b'"rule":"\\ud800"'))
)
tampering("D", "nested a hundred thousand deep", "bad-json")(
    raw(lambda data: b"[" * 100_000 + data + b"]" * 100_000)
)
tampering("D", "not text", "bad-json")(raw(lambda data: b"\xff\xfe" + data))
tampering("D", "empty", "bad-json")(raw(lambda data: data[:0]))
tampering("D", "keys in another order", "not-canonical")(
    raw(lambda data: json.dumps(json.loads(data), indent=1).encode())
)
tampering("D", "a list", "bad-statement")(raw(lambda _: b"[]\n"))
tampering("D", "null", "bad-statement")(raw(lambda _: b"null\n"))
tampering("D", "an empty object", "bad-statement")(raw(lambda _: b"{}\n"))
tampering("D", "of another type", "bad-statement")(
    edited(lambda value: value.update(_type="https://in-toto.io/Statement/v0.1"))
)
tampering("D", "of another predicate", "bad-statement")(
    edited(lambda value: value.update(predicateType="https://slsa.dev/provenance/v0.2"))
)
tampering("D", "a parameter that its rule does not have", "bad-statement")(
    edited(lambda value: parameters(value).update(extra="yes"))
)
tampering("D", "a verdict after a line's end and a terminal's command", "wrong-parameters")(
    edited(lambda value: parameters(value).update(finder="imp\n\x1b[2Jself-consistent: agreed"))
)
tampering("D", "two subjects", "bad-statement")(
    edited(lambda value: value["subject"].append(value["subject"][0]))
)
tampering("E", "a digest in upper case", "bad-digest")(
    edited(lambda value: upper(value["subject"][0]["digest"]))
)
tampering("E", "md5 alone", "bad-digest")(
    edited(lambda value: value["subject"][0].update(digest={"md5": "0" * 32}))
)
tampering("E", "md5 beside sha256", "bad-digest")(
    edited(lambda value: value["subject"][0]["digest"].update(md5="0" * 32))
)
tampering("E", "a digest of 63 digits", "bad-digest")(
    edited(lambda value: value["subject"][0]["digest"].update(sha256="0" * 63))
)
tampering("E", "a parent's digest in upper case", "bad-digest", SECOND)(
    edited(lambda value: upper(dependency(value, "parent")["digest"]), SECOND)
)

# F and G: paths and what is no file


@tampering("F", "a path that climbs out", "bad-statement", SECOND)
def _(root: Path) -> None:
    climbing = "../../../../etc/passwd"
    restate(root / SECOND, edit=lambda value: dependency(value, "parent").update(uri=climbing))


@tampering("F", "a subject whose name climbs out", "foreign-statement")
def _(root: Path) -> None:
    restate(root / FIRST, edit=lambda value: value["subject"][0].update(name="../" + FIRST))


@tampering("F", "a link in place of the file", "not-a-plain-file")
def _(root: Path) -> None:
    moved = root.parent / "moved"
    (root / FIRST).rename(moved)
    (root / FIRST).symlink_to(moved)


@tampering("F", "a link that leads nowhere", "not-a-plain-file", "masks/imp/x.safetensors")
def _(root: Path) -> None:
    (root / "masks/imp/x.safetensors").symlink_to("nowhere")


@tampering("F", "a link in place of a folder", "not-a-plain-file", "masks/random")
def _(root: Path) -> None:
    moved = root.parent / "moved"
    (root / "masks/random").rename(moved)
    (root / "masks/random").symlink_to(moved)


@tampering("F", "a pipe in place of the file", "not-a-plain-file")
def _(root: Path) -> None:
    (root / FIRST).unlink()
    os.mkfifo(root / FIRST)


@tampering("F", "a pipe in place of the statement", "not-a-plain-file", f"{FIRST}.prov.json")
def _(root: Path) -> None:
    statement_path(root / FIRST).unlink()
    os.mkfifo(statement_path(root / FIRST))


@tampering("F", "a folder in place of the file", "missing-file", f"{FIRST}.prov.json")
def _(root: Path) -> None:
    (root / FIRST).unlink()
    (root / FIRST).mkdir()


tampering("F", "a backslash in a name", "bad-name", "masks/a\\b")(
    lambda root: (root / "masks/a\\b").touch()
)
tampering("F", "a line's end in a name", "bad-name", "masks/a\\nb")(
    lambda root: (root / "masks/a\nb").touch()
)
tampering("F", "a name that is not UTF-8", "bad-name", "masks/a\\udcff")(
    lambda root: (root / os.fsdecode(b"masks/a\xff")).touch()
)
tampering("F", "a name in decomposed letters", "bad-name", "masks/a\u0308")(
    lambda root: (root / "masks/a\u0308").touch()
)
tampering("F", "two names that differ in case", "bad-name", "masks/dense.safetensors")(
    lambda root: (
        shutil.copyfile(root / "masks/dense.safetensors", root / "masks/Dense.safetensors") and None
    )
)


# H and I: clocks, code, versions


@tampering("H", "ended before it began", "odd-clock")
def _(root: Path) -> None:
    def edit(value: Any) -> None:
        value["predicate"]["runDetails"]["metadata"]["finishedOn"] = "2001-01-01T00:00:00Z"

    restate(root / FIRST, edit=edit)


@tampering("I", "made by code that differed from its commit", "dirty-code")
def _(root: Path) -> None:
    restate(
        root / FIRST,
        edit=lambda value: dependency(value, "source")["annotations"].update(clean=False),
    )


@tampering("I", "made by code that its commit does not have", "unknown-code")
def _(root: Path) -> None:
    restate(
        root / FIRST,
        edit=lambda value: dependency(value, "code/prune.py")["digest"].update(sha256="0" * 64),
    )


@tampering("I", "made with another version of numpy", "wrong-version")
def _(root: Path) -> None:
    def edit(value: Any) -> None:
        definition(value)["internalParameters"]["packages"]["numpy"] = "1.0.0"

    restate(root / FIRST, edit=edit)


@tampering("I", "made with a version of numpy that is not said", "bad-statement")
def _(root: Path) -> None:
    restate(
        root / FIRST,
        edit=lambda value: definition(value)["internalParameters"]["packages"].pop("numpy"),
    )
