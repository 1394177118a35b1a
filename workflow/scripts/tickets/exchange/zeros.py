"""The mask of a model's exact zeros: of anyone's checkpoint, or of a network in memory.

Each tensor of floats with two or more dimensions is a matrix of the mask, under its own name; those
without a zero keep all. A weight is pruned where it is 0 or -0. Nothing says that somebody pruned
it: the embedding of a padding token is often zero, too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors import SafetensorError, deserialize

from tickets.errors import BadInput
from tickets.files import read_bytes
from tickets.masks import Bits, Mask
from tickets.prunable import PrunableSet

if TYPE_CHECKING:
    import torch

WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"

UNSIGNED = {
    **{"F64": "<u8", "F32": "<u4", "F16": "<u2", "BF16": "<u2"},
    **{"F8_E4M3": "u1", "F8_E5M2": "u1"},
}
"""The floats of safetensors in which only the bits of 0 and -0 are all zero after the sign, and
integers of their size. numpy itself has no bfloat16.
"""


def files(model: Path) -> list[Path]:
    """The files with the weights of a model: its directory's, an index first, or the file itself.

    Raises:
        BadInput: there is no such model, or it is not in safetensors.
    """
    if model.is_file():
        return [model]
    if (model / WEIGHTS).is_file():
        return [model / WEIGHTS]
    index = model / INDEX
    if not index.is_file():
        raise BadInput(
            f"{model}: it has no {WEIGHTS} and no {INDEX}; name a file of weights or a folder with "
            "one of these (save_pretrained writes them; a pytorch_model.bin is not read)"
        )
    try:
        names = set(json.loads(read_bytes(index.resolve()))["weight_map"].values())
        parts = [index.with_name(name) for name in sorted(names)]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise BadInput(
            f"{index}: not an index of safetensors files; save the model again"
        ) from None
    return [index, *parts]


def kept_in(data: bytes, origin: str) -> dict[str, Bits]:
    """Where each matrix in a safetensors file is not zero; `origin` names the file in errors.

    Raises:
        BadInput: not a safetensors file.
    """
    try:
        tensors: list[tuple[str, dict[str, Any]]] = deserialize(data)
        matrices = {
            name: np.frombuffer(tensor["data"], UNSIGNED[tensor["dtype"]]).reshape(tensor["shape"])
            for name, tensor in tensors
            if tensor["dtype"] in UNSIGNED and len(tensor["shape"]) >= 2 and tensor["data"]
        }
    except (SafetensorError, ValueError) as error:  # numpy has a limit on the dimensions
        raise BadInput(
            f"{origin}: not a file of weights ({error}); name a safetensors file"
        ) from None
    return {name: bits << 1 != 0 for name, bits in matrices.items()}  # without the sign


def kept_by(model: torch.nn.Module) -> dict[str, Bits]:
    """Where each matrix among a network's parameters is not zero."""
    return {
        name: (parameter.detach() != 0).cpu().numpy()
        for name, parameter in model.named_parameters()
        if parameter.is_floating_point() and parameter.dim() >= 2 and parameter.numel()
    }


def mask_of(kept: Mapping[str, Bits], origin: str) -> Mask:
    """The mask of these matrices.

    Raises:
        BadInput: there is none.
    """
    if not kept:
        raise BadInput(f"{origin}: it has no tensor of floats with two dimensions; name a model")
    ordered = {name: kept[name] for name in sorted(kept, key=_in_order)}
    shapes = {name: bits.shape for name, bits in ordered.items()}
    return Mask(prunable=PrunableSet(shapes=shapes), kept=ordered)


def mask_of_encoder(kept: Mapping[str, Bits], prunable: PrunableSet, origin: str) -> Mask:
    """The mask of one prunable set; the matrices' names in `kept` may have a prefix (`bert.`).

    Raises:
        BadInput: a matrix is missing, is there twice, or has another shape.
    """
    found: dict[str, Bits] = {}
    for name, shape in prunable.shapes.items():
        bits = [each for whole, each in kept.items() if f".{whole}".endswith(f".{name}")]
        if len(bits) != 1 or bits[0].shape != shape:
            raise BadInput(
                f"{origin}: it has not one {name} of {shape}; use the weights of the same "
                "architecture, or leave out --theta"
            )
        found[name] = bits[0]
    return Mask(prunable=prunable, kept=found)


def _in_order(name: str) -> list[str | int]:
    """A sort key that puts layer 2 before layer 10."""
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", name)]
