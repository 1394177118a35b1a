"""Ticket files: small, exact, and no training starts from another one than is written there."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets import masks, provenance, ticket, weights
from tickets.criteria.random import draw
from tickets.errors import BadInput, Tampered
from tickets.files import canonical_json, sha256

SHAPES = {
    "encoder.layer.0.output.dense.weight": (4, 6),
    "pooler.dense.weight": (3, 3),
    "bias": (5,),
}


def theta(seed: int = 0) -> dict[str, np.ndarray]:
    drawn = np.random.default_rng(seed)
    return {name: drawn.standard_normal(shape, dtype="f4") for name, shape in SHAPES.items()}


def state(path: Path, facts: Mapping[str, Any] | None = None) -> Path:
    about = {"rule": "x", "parameters": {}, "dependencies": {}, "started": provenance.now()}
    provenance.write(path, facts=facts, **about)
    return path


@pytest.fixture
def made(tmp_path: Path) -> tuple[Path, Path, Path]:
    """A ticket, its weights and its mask."""
    start, mask, path = (tmp_path / name for name in ("theta.st", "mask.st", "ticket.json"))
    weights.write(start, theta())
    bits = draw(weights.prunable_of(theta()), Fraction("1/2"), seed=1)
    masks.write(mask, bits)
    state(start)
    state(mask, masks.facts(bits))
    assert ticket.write(path, start, mask).digest == bits.digest
    return state(path), start, mask


def test_it_is_put_together_again_bit_by_bit(made: tuple[Path, Path, Path]) -> None:
    """Survivors as in theta, pruned weights zero, and everything else as it was."""
    path, start, mask = made

    found = ticket.read(path, start, mask)

    assert found.mask.digest == masks.read(mask).digest
    for name, value in theta().items():
        kept = found.mask.kept.get(name, np.ones(value.shape, bool))
        assert found.weights[name].tobytes() == np.where(kept, value, np.float32(0)).tobytes()
    assert (found.weights["pooler.dense.weight"] == 0).any()


def test_its_file_names_both_files_and_what_they_come_to(made: tuple[Path, Path, Path]) -> None:
    """By digests; and nothing else is in it."""
    path, start, mask = made

    found = ticket.from_bytes(path.read_bytes(), "")

    assert (found.theta, found.mask) == tuple(sha256(p.read_bytes()) for p in (start, mask))
    assert found.weights == weights.digest(ticket.read(*made).weights)
    assert path.stat().st_size == 262


@pytest.mark.parametrize("name", ["theta", "mask"])
def test_another_file_in_place_of_one_stops_the_training(
    made: tuple[Path, Path, Path], name: str
) -> None:
    """Though it is true to its own statement, and fits the other one."""
    path, start, mask = made
    if name == "theta":
        weights.write(start, theta(seed=1))
        state(start)
    else:
        other = draw(weights.prunable_of(theta()), Fraction("1/2"), seed=2)
        masks.write(mask, other)
        state(mask, masks.facts(other))

    with pytest.raises(Tampered, match=f"{path}: not the ticket of {start} under {mask}; delete"):
        ticket.read(path, start, mask)


def test_a_mask_of_another_model_is_refused(made: tuple[Path, Path, Path]) -> None:
    _, start, mask = made
    weights.write(start, {**theta(), "pooler.dense.weight": np.zeros((3, 4), "f4")})
    state(start)

    with pytest.raises(BadInput, match="the mask is for another model"):
        ticket.write(start.with_name("other.json"), start, mask)


def test_a_digest_is_of_names_shapes_and_values() -> None:
    """Not of their order; and no two of these are taken for each other."""
    first = theta()
    flat = {**first, "bias": first["bias"].reshape(1, 5)}
    negative = {**first, "bias": -np.zeros(5, "f4")}
    zero = {**first, "bias": np.zeros(5, "f4")}
    renamed = {name.replace("bias", "Bias"): value for name, value in first.items()}
    doubled = {**first, "bias": first["bias"].astype("f8")}

    assert weights.digest(dict(reversed(first.items()))) == weights.digest(first)
    turned = {**first, "pooler.dense.weight": np.asfortranarray(first["pooler.dense.weight"])}
    assert weights.digest(turned) == weights.digest(first)
    others = [first, flat, negative, zero, renamed, doubled, theta(seed=1)]
    assert len({weights.digest(each) for each in others}) == len(others)


@given(
    st.binary()
    | st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda inner: st.dictionaries(st.sampled_from(["theta", "mask", "weights"]), inner),
    ).map(lambda value: canonical_json(value) + b"\n")
)
def test_whatever_else_is_no_ticket(data: bytes) -> None:
    """Nothing but a refusal comes of it."""
    with pytest.raises(BadInput, match="file: not a ticket"):
        ticket.from_bytes(data, "file")


def test_a_ticket_written_otherwise_is_refused(made: tuple[Path, Path, Path]) -> None:
    """With a space, a key more, or its format's next version."""
    data = made[0].read_bytes()
    for changed in (
        data.replace(b",", b", "),
        data.replace(b'{"', b'{"a":1,"'),
        data.replace(b"/v1", b"/v2"),
        data[:-1],
    ):
        with pytest.raises(BadInput, match="not a ticket"):
            ticket.from_bytes(changed, "file")


def test_frozen_weights_are_thetas_under_the_dense_ticket(
    made: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    """The mask zeroes nothing; its own ticket is another one."""
    own, start, mask = made
    whole, path = tmp_path / "dense.st", tmp_path / "dense.json"
    bits = masks.dense(weights.prunable_of(theta()))
    masks.write(whole, bits)
    state(whole, masks.facts(bits))
    ticket.write(path, start, whole)
    state(path)

    found = ticket.read(path, start, mask, freeze=True)

    assert found.mask == masks.read(mask)
    assert weights.digest(found.weights) == weights.digest(theta())
    with pytest.raises(Tampered, match="not the ticket of"):
        ticket.read(own, start, mask, freeze=True)
    with pytest.raises(Tampered, match="not the ticket of"):
        ticket.read(path, start, mask)
