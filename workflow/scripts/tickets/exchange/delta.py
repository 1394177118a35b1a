"""A training with frozen weights as a file of what it changed, and its use on a model.

The file has new values and no differences: in float32 theta_0 + (theta_T - theta_0) is not always
theta_T, and a copied value is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from tickets import masks, provenance, weights
from tickets.architecture import FAMILIES, HEAD, PRETRAINED_HEAD, mlm_head_names
from tickets.errors import BadInput
from tickets.files import canonical_json, read_bytes, sha256, write_bytes
from tickets.masks import Mask
from tickets.weights import Weights

if TYPE_CHECKING:
    import torch
    from torch import Tensor

FORMAT = "bert-tickets/delta/v1"
POSITIONS, VALUES = ".positions", ".values"
"""What is added to a matrix's name: int64 or int32 indices of kept weights, in C order; their new
values."""

_OUTPUTS = {
    f"output.{part}": [f"classifier.{part}", f"qa_outputs.{part}"] for part in ("weight", "bias")
}
_HEADS: Mapping[str, list[str]] = _OUTPUTS | {
    ours: [mlm_head_names(family)[ours] for family in FAMILIES.values()]
    for ours in mlm_head_names(FAMILIES["bert"])
}
"""The names in transformers of a head's tensors, by our names."""


@dataclass(frozen=True, kw_only=True)
class Delta:
    """What a training changed.

    values: by matrix, positions and new values. whole: all other tensors that it changed, and its
    head. theta: the sha256 of each tensor of theta_0 that is not in `whole`.
    """

    values: Mapping[str, tuple[NDArray[np.integer[Any]], NDArray[np.float32]]]
    whole: Weights
    theta: Mapping[str, str]


def export(mask_file: Path, theta_file: Path, trained_file: Path, output: Path) -> None:
    """Write what a training from theta, with the weights frozen that the mask prunes, changed.

    Raises:
        BadInput: mask and weights do not fit, or a weight that the mask prunes is another one.
        Tampered: one of the files does not fit its statement.
    """
    started = provenance.now()
    mask = masks.read(mask_file)
    delta = compare(mask, weights.read(theta_file), weights.read(trained_file))
    write_bytes(output, to_bytes(delta))
    provenance.write(
        output,
        rule="export",
        parameters={"format": "delta"},
        dependencies={"mask": mask_file, "theta": theta_file, "trained": trained_file},
        facts=masks.facts(mask),
        started=started,
    )


def compare(mask: Mask, theta: Weights, trained: Weights) -> Delta:
    """What a training changed from `theta` to `trained`.

    Raises:
        BadInput: as `export`.
    """
    digests = {weights.prunable_of(each).digest for each in (theta, trained)}
    if digests != {mask.prunable.digest} or theta.keys() - trained.keys():
        raise BadInput("export: mask and weights are of different models; use those of one study")
    values: dict[str, tuple[NDArray[np.integer[Any]], NDArray[np.float32]]] = {}
    for name, kept in mask.kept.items():
        if not _same(trained[name][~kept], theta[name][~kept]):
            raise BadInput(
                f"export: {name} has other weights than theta where the mask prunes; name the end "
                "of a training with the meaning freeze under this mask"
            )
        positions = np.flatnonzero(kept)
        small = positions.astype(np.int32) if kept.size <= np.iinfo(np.int32).max else positions
        values[name] = small, trained[name][kept]
    whole = {
        name: tensor
        for name, tensor in trained.items()
        if name not in values and not (name in theta and _same(tensor, theta[name]))
    }
    unchanged = {
        name: _digest(tensor)
        for name, tensor in theta.items()
        if name not in whole and not name.startswith((HEAD, PRETRAINED_HEAD))
    }
    return Delta(values=values, whole=whole, theta=unchanged)


def to_bytes(delta: Delta) -> bytes:
    """The delta as a safetensors file; equal deltas give equal bytes."""
    tensors = dict(delta.whole)
    for name, (positions, values) in delta.values.items():
        tensors |= {f"{name}{POSITIONS}": positions, f"{name}{VALUES}": values}
    header = canonical_json({"format": FORMAT, "theta": dict(delta.theta)})
    plain = {name: np.ascontiguousarray(tensors[name]) for name in sorted(tensors)}
    return save(plain, metadata={"delta": header.decode()})


def from_bytes(data: bytes, origin: str) -> Delta:
    """The delta in a safetensors file; `origin` names it in errors.

    Raises:
        BadInput: it is none.
    """
    try:
        tensors = load(data)
        length = int.from_bytes(data[:8], "little")
        header = json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["delta"])
        theta = {str(name): str(digest) for name, digest in header["theta"].items()}
        matrices = [name.removesuffix(VALUES) for name in tensors if name.endswith(VALUES)]
        values = {
            name: (tensors.pop(f"{name}{POSITIONS}"), tensors.pop(f"{name}{VALUES}"))
            for name in matrices
        }
        if header["format"] != FORMAT or values.keys() - theta.keys():
            raise ValueError
        for positions, new in values.values():
            if positions.dtype.kind != "i" or positions.shape != new.shape or np.any(positions < 0):
                raise ValueError
    except Exception:  # noqa: BLE001 - a foreign file may raise anything in a parser
        raise BadInput(f"{origin}: not a delta; name a file of tickets export") from None
    return Delta(values=values, whole=tensors, theta=theta)


def apply_delta(model: torch.nn.Module | Mapping[str, Tensor], path: str | Path) -> None:
    """Give a model with theta_0's weights those at the end of a training, in place, to the bit.

    `model` is one of transformers, any module whose parameters have the encoder's names with any
    prefix, or the state dict of one, in float32. `path` is a file of `tickets export`; it is
    compared with its statement if one is beside it. A pooler or a head that the model does not have
    is left out.

    Raises:
        Tampered: the file does not fit its statement.
        BadInput: it is not a delta, or the model has not theta_0's weights; it is then unchanged.
    """
    import torch

    path = Path(path)
    is_stated = provenance.statement_path(path).exists()
    delta = from_bytes(provenance.read(path) if is_stated else read_bytes(path), str(path))
    state: Mapping[str, Tensor] = (
        model.state_dict() if isinstance(model, torch.nn.Module) else model
    )
    found = {name: _tensor(state, name) for name in [*delta.theta, *delta.whole]}
    for name, digest in delta.theta.items():
        if (tensor := found[name]) is not None and _digest(_array(tensor)) != digest:
            raise BadInput(f"model: {name} is not theta_0's; load the weights that were trained")
    for name, value in delta.whole.items():
        if (tensor := found[name]) is not None and tuple(tensor.shape) != value.shape:
            raise BadInput(
                f"model: {name} is {tuple(tensor.shape)}, not {value.shape}; use the task's head"
            )
    new = {name: np.array(value) for name, value in delta.whole.items()}
    for name, (positions, values) in delta.values.items():
        if (tensor := found[name]) is not None:
            if np.any(positions >= tensor.numel()):
                raise BadInput(
                    f"{path}: it has positions beyond the {tensor.numel():,} weights of {name}; "
                    "export it again"
                )
            new[name] = np.array(_array(tensor))
            new[name].reshape(-1)[positions] = values
    with torch.no_grad():
        for name, value in new.items():
            if (tensor := found[name]) is not None:
                tensor.copy_(torch.from_numpy(value))


def _tensor(state: Mapping[str, Tensor], name: str) -> Tensor | None:
    """The tensor of a model that is called `name` in a study; None if the model may lack it.

    Raises:
        BadInput: the model should have it, has two of it, or has it in another type.
    """
    import torch

    is_head = name.startswith(HEAD)
    wanted = _HEADS.get(name.removeprefix(HEAD), []) if is_head else [name]
    keys = [key for key in state if any(f".{key}".endswith(f".{each}") for each in wanted)]
    if not keys and (is_head or name.startswith("pooler.")):
        return None
    if len(keys) != 1:
        raise BadInput(f"model: it has {len(keys)} of {name}; use one model of the study's family")
    tensor = state[keys[0]]
    if tensor.dtype != torch.float32:
        raise BadInput(f"model: {name} is {tensor.dtype}; load the model in float32")
    return tensor


def _array(tensor: Tensor) -> NDArray[np.float32]:
    return cast(Any, tensor.detach().cpu().numpy())


def _digest(tensor: NDArray[Any]) -> str:
    return sha256(np.ascontiguousarray(tensor).tobytes())


def _same(one: NDArray[Any], other: NDArray[Any]) -> bool:
    """Whether two arrays have the same shape and bits."""
    return one.shape == other.shape and one.tobytes() == other.tobytes()
