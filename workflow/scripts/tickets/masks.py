"""A mask: which weights of the prunable set are kept, one bit per weight."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from tickets import provenance
from tickets.errors import BadInput, Tampered
from tickets.files import canonical_json, sha256, write_bytes
from tickets.prunable import PrunableSet

Bits = NDArray[np.bool_]
FORMAT = "bert-tickets/mask/v1"


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Mask:
    """True where a weight is kept: one boolean array per prunable matrix.

    Raises:
        BadInput: matrices, shapes or types are not those of the prunable set.
    """

    prunable: PrunableSet
    kept: Mapping[str, Bits]

    def __post_init__(self) -> None:
        if list(self.kept) != list(self.prunable.shapes):
            raise BadInput("mask: its matrices are not those of the prunable set, in its order")
        for name, bits in self.kept.items():
            if bits.dtype != np.bool_ or bits.shape != self.prunable.shapes[name]:
                raise BadInput(
                    f"mask: {name} is {bits.dtype} {bits.shape}, "
                    f"not bool {self.prunable.shapes[name]}"
                )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mask) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        share = f"{self.pruned:,} of {self.prunable.size:,} weights pruned"
        matrices = f"{len(self.kept)} matrices"
        return f"<Mask: {share} ({float(self.sparsity):.2%}), {matrices}, digest {self.digest[:8]}>"

    @cached_property
    def pruned(self) -> int:
        """How many weights are pruned."""
        return self.prunable.size - sum(int(np.count_nonzero(bits)) for bits in self.kept.values())

    @property
    def sparsity(self) -> Fraction:
        """The exact share of the prunable set that is pruned."""
        return Fraction(self.pruned, self.prunable.size)

    @cached_property
    def digest(self) -> str:
        """The sha256 of the prunable set and the packed bits; independent of file formats."""
        return pack(self).digest

    def sparsity_of(self, name: str) -> Fraction:
        """The exact share of one matrix that is pruned."""
        bits = self.kept[name]
        return Fraction(bits.size - int(np.count_nonzero(bits)), bits.size)

    def within(self, parent: Mask) -> bool:
        """Whether `parent` keeps every weight that this mask keeps (IMP's masks are nested)."""
        return self.prunable.digest == parent.prunable.digest and not any(
            np.any(bits & ~parent.kept[name]) for name, bits in self.kept.items()
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class PackedMask:
    """A mask as its file stores it: `numpy.packbits` of each matrix, in an eighth of the memory.

    Raises:
        BadInput: the number of bytes does not fit the prunable set, or a bit after a matrix's last
            weight is set.
    """

    prunable: PrunableSet
    bits: Mapping[str, NDArray[np.uint8]]

    def __post_init__(self) -> None:
        for name, shape in self.prunable.shapes.items():
            bits, size = self.bits[name], math.prod(shape)
            if bits.dtype != np.uint8 or bits.shape != ((size + 7) // 8,):
                raise BadInput(
                    f"mask: {name} is {bits.dtype} {bits.shape}, not the bits of {shape}"
                )
            if size % 8 and bits[-1] & (0xFF >> size % 8):
                raise BadInput(f"mask: {name} has bits set after its last weight")

    @cached_property
    def digest(self) -> str:
        """The mask's digest, as `Mask.digest`."""
        return sha256(
            self.prunable.digest.encode() + b"".join(b.tobytes() for b in self.bits.values())
        )

    @cached_property
    def kept(self) -> NDArray[np.int64]:
        """How many weights each matrix keeps, in the order of the prunable set."""
        return _counts(self.bits.values())

    def kept_with(self, other: PackedMask) -> NDArray[np.int64]:
        """How many weights of each matrix both masks keep, in the order of the prunable set.

        Raises:
            BadInput: the masks are for different models.
        """
        if self.prunable.digest != other.prunable.digest:
            raise BadInput("masks: they are for different models; compare masks of one")
        return _counts(bits & other.bits[name] for name, bits in self.bits.items())


def dense(prunable: PrunableSet) -> Mask:
    """The mask that keeps everything."""
    return Mask(
        prunable=prunable,
        kept={name: np.ones(shape, dtype=bool) for name, shape in prunable.shapes.items()},
    )


def from_flat(prunable: PrunableSet, flat: Bits) -> Mask:
    """A mask from one boolean per weight, in the order of the prunable set (C order within)."""
    ends = np.cumsum([math.prod(shape) for shape in prunable.shapes.values()])
    parts = np.split(flat, ends[:-1])
    kept = {
        name: part.reshape(shape)
        for (name, shape), part in zip(prunable.shapes.items(), parts, strict=True)
    }
    return Mask(prunable=prunable, kept=kept)


def pack(mask: Mask) -> PackedMask:
    """The mask with one bit per weight."""
    bits = {name: np.packbits(kept) for name, kept in mask.kept.items()}
    return PackedMask(prunable=mask.prunable, bits=bits)


def to_bytes(mask: Mask) -> bytes:
    """The mask as a safetensors file; equal masks give equal bytes.

    All metadata is one key: safetensors writes several in random order.
    """
    return _to_bytes(pack(mask))


def from_bytes(data: bytes, origin: str) -> Mask:
    """The mask in a safetensors file of this project; `origin` names the file in errors.

    Raises:
        BadInput: not a mask file, or not exactly the bytes that `to_bytes` returns.
    """
    return _unpack(packed_from_bytes(data, origin))


def packed_from_bytes(data: bytes, origin: str) -> PackedMask:
    """As `from_bytes`, with the same errors, but without unpacking."""
    try:
        tensors = load(data)
        length = int.from_bytes(data[:8], "little")
        header = json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["mask"])
        shapes = {name: tuple(map(_side, shape)) for name, shape in header["shapes"]}
        packed = PackedMask(
            prunable=PrunableSet(shapes=shapes), bits={name: tensors[name] for name in shapes}
        )
    except Exception:  # noqa: BLE001 - a foreign file may raise anything in a parser
        raise BadInput(f"{origin}: not a mask file; name one from results/masks") from None
    if _to_bytes(packed) != data:
        raise BadInput(f"{origin}: not written as masks are (hidden or stray bytes); make it again")
    return packed


def write(path: Path, mask: Mask) -> None:
    """Write the mask file; the caller writes its statement."""
    write_bytes(path, to_bytes(mask))


def read(path: Path) -> Mask:
    """Read a mask; its bytes and the digest of its bits are checked against its statement.

    Raises:
        Tampered: file and statement differ.
        BadInput: not a mask file.
    """
    return _unpack(read_packed(path))


def read_packed(path: Path) -> PackedMask:
    """As `read`, with the same checks and errors, but without unpacking: for counting weights."""
    packed = packed_from_bytes(provenance.read(path), str(path))
    digest = provenance.facts(path).get("mask_digest")
    if digest != packed.digest:
        message = f"{path}: its bits' digest is {packed.digest}, its statement says {digest}"
        raise Tampered(message, "wrong-bits")
    return packed


def facts(mask: Mask) -> dict[str, Any]:
    """A mask's facts for its statement: counts, and digests independent of file formats."""
    return {
        "mask_digest": mask.digest,
        "prunable_set": mask.prunable.digest,
        "prunable": mask.prunable.size,
        "pruned": mask.pruned,
        "sparsity": str(mask.sparsity),
        "sparsity_by_matrix": {name: str(mask.sparsity_of(name)) for name in mask.kept},
    }


def _to_bytes(packed: PackedMask) -> bytes:
    header = {
        "format": FORMAT,
        "granularity": "element",
        "meaning": "prune",
        "prunable_set": packed.prunable.digest,
        "shapes": [[name, list(shape)] for name, shape in packed.prunable.shapes.items()],
    }
    return save(dict(packed.bits), metadata={"mask": canonical_json(header).decode()})


def _side(length: Any) -> int:
    if type(length) is not int or length < 0:
        raise ValueError(f"{length} is not the length of a matrix's side")
    return length


def _unpack(packed: PackedMask) -> Mask:
    kept = {
        name: np.unpackbits(packed.bits[name], count=math.prod(shape)).view(np.bool_).reshape(shape)
        for name, shape in packed.prunable.shapes.items()
    }
    return Mask(prunable=packed.prunable, kept=kept)


def _counts(matrices: Iterable[NDArray[np.uint8]]) -> NDArray[np.int64]:
    return np.array([np.bitwise_count(bits).sum(dtype=np.int64) for bits in matrices], np.int64)
