"""Masks as values and as files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from safetensors.numpy import save

from tickets import masks, provenance
from tickets.errors import BadInput, Tampered
from tickets.masks import Mask
from tickets.prunable import PrunableSet, prunable_set


def names(layers: int) -> list[str]:
    return [f"encoder.layer.{layer}.output.dense.weight" for layer in range(layers)]


@st.composite
def any_mask(draw: st.DrawFn) -> Mask:
    count = draw(st.integers(1, 3))
    shapes = draw(
        st.lists(
            hnp.array_shapes(min_dims=2, max_dims=2, max_side=7), min_size=count, max_size=count
        )
    )
    kept = {
        name: draw(hnp.arrays(np.bool_, shape))
        for name, shape in zip(names(count), shapes, strict=True)
    }
    return Mask(prunable=PrunableSet(shapes={n: b.shape for n, b in kept.items()}), kept=kept)


@given(any_mask())
def test_a_mask_survives_its_file(mask: Mask) -> None:
    """What is read is what was written, bit by bit; equal masks give equal bytes."""
    data = masks.to_bytes(mask)

    again = masks.from_bytes(data, "somewhere")

    assert again == mask
    assert all(np.array_equal(again.kept[n], bits) for n, bits in mask.kept.items())
    assert masks.to_bytes(again) == data


@given(any_mask())
def test_counts_are_those_of_the_bits(mask: Mask) -> None:
    """Pruned weights, sparsity and sparsity by matrix are plain counts."""
    pruned = sum(int((~bits).sum()) for bits in mask.kept.values())

    assert mask.pruned == pruned
    assert mask.sparsity * mask.prunable.size == pruned
    assert pruned == sum(mask.sparsity_of(n) * b.size for n, b in mask.kept.items())


@given(any_mask(), st.data())
def test_packed_counts_are_those_of_the_bits(mask: Mask, data: st.DataObject) -> None:
    """Per matrix: what a mask keeps, and what it keeps in common with another; same digest."""
    other = {n: data.draw(hnp.arrays(np.bool_, bits.shape)) for n, bits in mask.kept.items()}
    packed = masks.pack(mask)

    assert packed.digest == mask.digest
    assert packed.kept.dtype == np.int64
    assert list(packed.kept) == [sum(bits.ravel().tolist()) for bits in mask.kept.values()]
    common = packed.kept_with(masks.pack(Mask(prunable=mask.prunable, kept=other)))
    assert list(common) == [
        sum(a and b for a, b in zip(bits.ravel(), other[n].ravel(), strict=True))
        for n, bits in mask.kept.items()
    ]


@given(any_mask(), any_mask())
def test_within_is_an_order(one: Mask, other: Mask) -> None:
    """A mask is within itself and the dense one; two within each other are equal."""
    assert one.within(one)
    assert one.within(masks.dense(one.prunable))
    if one.within(other) and other.within(one):
        assert one == other


def test_one_bit_a_weight() -> None:
    """11 weights take two bytes, and the bits beyond them are zero."""
    prunable = PrunableSet(shapes={names(1)[0]: (1, 11)})

    data = masks.to_bytes(masks.dense(prunable))

    assert data.endswith(bytes([0b11111111, 0b11100000]))


def test_bert_base_has_73_matrices_and_85524480_weights() -> None:
    """The prunable set of BERT-base is the paper's."""
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (30522, 768),
        "embeddings.LayerNorm.weight": (768,),
        "pooler.dense.weight": (768, 768),
        "pooler.dense.bias": (768,),
    }
    for layer in range(12):
        at = f"encoder.layer.{layer}"
        for part in ("query", "key", "value"):
            shapes[f"{at}.attention.self.{part}.weight"] = (768, 768)
            shapes[f"{at}.attention.self.{part}.bias"] = (768,)
        shapes[f"{at}.attention.output.dense.weight"] = (768, 768)
        shapes[f"{at}.attention.output.LayerNorm.weight"] = (768,)
        shapes[f"{at}.intermediate.dense.weight"] = (3072, 768)
        shapes[f"{at}.output.dense.weight"] = (768, 3072)

    found = prunable_set(shapes)

    assert len(found.shapes) == 73
    assert found.size == 85_524_480
    assert list(found.shapes)[-1] == "pooler.dense.weight"
    order = [name.split(".")[2] for name in found.shapes if name.startswith("encoder")]
    assert order == sorted(order, key=int)


def test_a_model_without_prunable_matrices_is_refused() -> None:
    """A model of another kind ends with one line, not with an empty mask."""
    with pytest.raises(BadInput, match="none of its tensors is a prunable matrix"):
        prunable_set({"h.0.attn.c_attn.weight": (8, 8)})


def test_an_impossible_mask_cannot_be_made() -> None:
    """Another type, shape or set of matrices is refused at construction."""
    prunable = PrunableSet(shapes={names(1)[0]: (2, 3)})
    for kept in (
        {names(1)[0]: np.ones((3, 2), dtype=bool)},
        {names(1)[0]: np.ones((2, 3), dtype=np.float32)},
        {"pooler.dense.weight": np.ones((2, 3), dtype=bool)},
        {},
    ):
        with pytest.raises(BadInput, match="mask:"):
            Mask(prunable=prunable, kept=kept)


@pytest.fixture
def stated_mask(tmp_path: Path) -> Path:
    path = tmp_path / "sparsity-50.safetensors"
    prunable = PrunableSet(shapes={names(1)[0]: (3, 5)})
    kept = {names(1)[0]: np.arange(15).reshape(3, 5) % 2 == 0}
    mask = Mask(prunable=prunable, kept=kept)
    masks.write(path, mask)
    provenance.write(
        path,
        rule="prune",
        parameters={},
        dependencies={},
        facts=masks.facts(mask),
        started=provenance.now(),
    )
    return path


def test_every_changed_byte_is_found(stated_mask: Path) -> None:
    """Whichever byte of a mask file is flipped, reading it stops with one line."""
    data = stated_mask.read_bytes()
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 1
        stated_mask.write_bytes(changed)
        with pytest.raises(Tampered, match="its statement"):
            masks.read(stated_mask)
    stated_mask.write_bytes(data)

    assert masks.read(stated_mask).pruned == 7
    assert masks.read_packed(stated_mask).digest == masks.read(stated_mask).digest


def test_bits_of_another_digest_than_the_stated_one_are_refused(stated_mask: Path) -> None:
    """File and statement agree on the bytes, not on the mask."""
    beside = provenance.statement_path(stated_mask)
    digest = masks.read(stated_mask).digest
    beside.write_text(beside.read_text().replace(digest, "0" * 64))

    for read in (masks.read, masks.read_packed):
        with pytest.raises(Tampered, match=f"its bits' digest is {digest}"):
            read(stated_mask)


@pytest.mark.parametrize("shape", [(-3, -5), (15.0, 1), ("3", 5), (True, 15), (3, 4)])
def test_a_shape_that_is_none_is_refused(stated_mask: Path, shape: tuple[object, ...]) -> None:
    """Sides below zero, no whole numbers, or of another count than the bits."""
    data = stated_mask.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    described = json.loads(header["__metadata__"]["mask"])
    described["shapes"] = [[names(1)[0], shape]]
    header["__metadata__"]["mask"] = json.dumps(described)
    changed = json.dumps(header).encode()

    with pytest.raises(BadInput, match="mask"):
        masks.from_bytes(len(changed).to_bytes(8, "little") + changed + data[8 + length :], "here")


@pytest.mark.parametrize("change", ["missing", "link", "other", "garbage"])
def test_a_mask_without_its_statement_is_refused(stated_mask: Path, change: str) -> None:
    """No statement, one of another file, one that is none, or a link in the mask's place."""
    beside = provenance.statement_path(stated_mask)
    if change == "missing":
        beside.unlink()
    elif change == "link":
        moved = stated_mask.rename(stated_mask.with_name("elsewhere"))
        stated_mask.symlink_to(moved)
    elif change == "other":
        beside.write_bytes(beside.read_bytes().replace(b"sparsity-50", b"sparsity-60"))
    else:
        beside.write_bytes(b"{")

    with pytest.raises(Tampered) as caught:
        masks.read(stated_mask)

    assert "\n" not in str(caught.value)


def test_hidden_bytes_are_refused(stated_mask: Path) -> None:
    """Set padding bits, or an extra tensor: not a mask, whatever a statement says."""
    data = stated_mask.read_bytes()
    for changed in (data[:-1] + bytes([data[-1] | 1]), save({"x": np.zeros(1, np.uint8)}), b""):
        with pytest.raises(BadInput, match="mask"):
            masks.from_bytes(changed, "somewhere")


def test_a_mask_is_shown_in_one_line() -> None:
    """Without its arrays: counts, and what tells it from others."""
    name = names(1)[0]
    bits = np.arange(2000).reshape(40, 50) % 4 == 0
    mask = Mask(prunable=PrunableSet(shapes={name: bits.shape}), kept={name: bits})

    assert repr(mask) == (
        f"<Mask: 1,500 of 2,000 weights pruned (75.00%), 1 matrices, digest {mask.digest[:8]}>"
    )
