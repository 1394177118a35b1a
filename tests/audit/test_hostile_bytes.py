"""Readers of masks and statements: whatever the bytes, only the documented errors come out."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kept_study import STUDY
from tickets import masks, statements
from tickets.audit import schema_of_statements
from tickets.errors import BadInput
from tickets.files import sha256
from tickets.statements import Malformed

MASK = (STUDY / "masks/oneshot/sparsity-20.safetensors").read_bytes()
STATEMENT = (STUDY / "masks/oneshot/sparsity-20.safetensors.prov.json").read_bytes()

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@st.composite
def mutated(draw: st.DrawFn, data: bytes) -> bytes:
    """`data` with some bytes replaced, cut out or put in."""
    changed = bytearray(data)
    for _ in range(draw(st.integers(1, 4))):
        begin = draw(st.integers(0, len(changed)))
        end = draw(st.integers(begin, min(len(changed), begin + 8)))
        changed[begin:end] = draw(st.binary(max_size=8))
    return bytes(changed)


@given(st.binary() | mutated(MASK))
def test_a_mask_is_read_or_refused(data: bytes) -> None:
    """What is read is written back as the same bytes; two files never hold one mask."""
    try:
        packed = masks.packed_from_bytes(data, "mask")
    except BadInput:
        return
    assert masks.to_bytes(masks.from_bytes(data, "mask")) == data
    assert sum(packed.kept.tolist()) <= packed.prunable.size


@given(st.binary() | mutated(STATEMENT))
def test_a_statement_is_read_or_refused(data: bytes) -> None:
    """What is read has the digest of the bytes, and is written back as the same bytes."""
    try:
        found = statements.parse(data, "statement")
    except Malformed:
        return
    assert found.itself == sha256(data)
    assert statements.to_bytes(statements.load(data, "statement")) == data


@given(JSON)
def test_any_json_is_a_statement_or_refused(value: object) -> None:
    """Whatever is where an object is looked for."""
    data = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    with pytest.raises(Malformed):
        statements.parse(data.encode("utf-8", "surrogatepass") + b"\n", "statement")


@given(st.data())
def test_any_field_may_be_anything(data: st.DataObject) -> None:
    """One value anywhere in a statement is replaced: parser and schema answer, and do not crash."""
    value = json.loads(STATEMENT)
    place = value
    while isinstance(place, dict | list) and place:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        inner = place[key]
        if not isinstance(inner, dict | list) or data.draw(st.booleans()):
            place[key] = data.draw(JSON.filter(lambda each: "nan" not in str(each)))
            break
        place = inner
    try:
        encoded = statements.to_bytes(value)
    except (ValueError, UnicodeEncodeError):
        return
    try:
        statements.parse(encoded, "statement")
        schema_of_statements.problem(statements.load(encoded, "statement"))
    except Malformed:
        return
