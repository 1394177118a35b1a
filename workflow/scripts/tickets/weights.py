"""Weight files (float32 tensors by name, as safetensors, verified when read), and rewinding."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from tickets import provenance
from tickets.errors import BadInput
from tickets.files import canonical_json, write_bytes
from tickets.masks import Mask
from tickets.prunable import PrunableSet, prunable_set

Weights = Mapping[str, NDArray[Any]]


def read(path: Path) -> dict[str, NDArray[Any]]:
    """Read weights in order of names, after checking their bytes against their statement.

    Raises:
        Tampered: file and statement differ.
        BadInput: not a safetensors file.
    """
    try:
        tensors = load(provenance.read(path))
    except SafetensorError as error:
        raise BadInput(f"{path}: not a file of weights ({error})") from None
    return dict(sorted(tensors.items()))  # safetensors has no fixed order


def write(path: Path, weights: Weights) -> None:
    """Write a weight file; the caller writes its statement."""
    write_bytes(path, save({name: np.ascontiguousarray(w) for name, w in weights.items()}))


def digest(weights: Weights) -> str:
    """The sha256 of names, types, shapes and values, in order of names."""
    hasher = hashlib.sha256()
    for name, tensor in sorted(weights.items()):
        hasher.update(canonical_json([name, tensor.dtype.str, tensor.shape]))
        hasher.update(np.ascontiguousarray(tensor).data)
    return hasher.hexdigest()


def prunable_of(weights: Weights) -> PrunableSet:
    """The prunable set of a model with these weights."""
    return prunable_set({name: tensor.shape for name, tensor in weights.items()})


def rewind(theta: Weights, mask: Mask) -> dict[str, NDArray[Any]]:
    """The ticket m . theta: kept weights are bit-equal to `theta`, pruned ones exactly +0.

    A product would give -0 for negative weights. Tensors that are not prunable stay.

    Raises:
        BadInput: the mask is for another model.
    """
    if prunable_of(theta).digest != mask.prunable.digest:
        raise BadInput(
            "rewinding: the mask is for another model (their prunable sets differ); "
            "use a mask found on this one"
        )
    return {
        name: np.where(mask.kept[name], tensor, np.float32(0)) if name in mask.kept else tensor
        for name, tensor in theta.items()
    }
