"""Read and write the published code's `mask.pt`.

The file is a dict saved by `torch.save`. As in `torch.nn.utils.prune`, a mask's name is the
weight's with `_mask` appended; its values are floats, 1 for a kept weight.
"""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from typing import Any, cast

import numpy as np

from tickets.architecture import FAMILIES
from tickets.errors import BadInput
from tickets.masks import Bits, Mask
from tickets.prunable import PrunableSet

PREFIX = "bert."
_KEY = re.compile(rf"(module\.)?((?:{'|'.join(FAMILIES)})\.)?(?P<matrix>.+)_mask")


def from_pt(data: bytes, prunable: PrunableSet, origin: str) -> Mask:
    """The mask in a `mask.pt`; `origin` names the file in errors. No code in the pickle is run.

    Names may have the family's prefix, and `module.` before it, as `DataParallel` adds it.

    Raises:
        BadInput: not a dict of plain tensors, not exactly the matrices and shapes of `prunable`, or
            a value that is neither 0 nor 1.
    """
    matrices: dict[str, Any] = {}
    for key, value in _load(data, origin).items():
        name = _KEY.fullmatch(key) if isinstance(key, str) else None
        if name is None or name["matrix"] not in prunable.shapes:
            raise BadInput(
                f"{origin}: {key!r:.100} is no mask of a prunable matrix of this model; "
                "`tickets prunable` lists them"
            )
        if name["matrix"] in matrices:
            raise BadInput(f"{origin}: it has two masks of {name['matrix']}; leave one")
        matrices[name["matrix"]] = value
    if missing := [name for name in prunable.shapes if name not in matrices]:
        raise BadInput(
            f"{origin}: it has no mask of {missing[0]} ({len(missing)} of {len(prunable.shapes)} "
            "are missing); a matrix that is not pruned has a mask of ones"
        )
    kept = {
        name: _bits(matrices[name], shape, f"{origin}: {name}")
        for name, shape in prunable.shapes.items()
    }
    return Mask(prunable=prunable, kept=kept)


def to_pt(mask: Mask) -> bytes:
    """The mask as a `mask.pt` of float32 tensors, with the names of a BERT with a head."""
    import torch

    tensors = {
        f"{PREFIX}{name}_mask": torch.from_numpy(bits.astype(np.float32))
        for name, bits in mask.kept.items()
    }
    buffer = io.BytesIO()
    torch.save(tensors, buffer)
    return buffer.getvalue()


def _load(data: bytes, origin: str) -> dict[Any, Any]:
    import torch

    try:
        if data.startswith(b"PK"):  # since PyTorch 1.6 it is a zip archive
            _check_size(data, origin)
        with warnings.catch_warnings(action="ignore"):
            value = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
        if not isinstance(value, dict):
            raise TypeError
    except BadInput:
        raise
    except Exception as error:  # noqa: BLE001 - whatever torch raises on a foreign file
        raise BadInput(
            f"{origin}: not a dict of tensors, and nothing else in a pickle is run; "
            f"use a mask.pt as the published code saves it ({type(error).__name__})"
        ) from None
    return cast(dict[Any, Any], value)


def _check_size(data: bytes, origin: str) -> None:
    """Refuse an archive whose content is larger than the file; torch would unpack all of it."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > len(data):
            raise BadInput(
                f"{origin}: it is compressed; save it again by torch.save, which does not"
            )


def _bits(value: Any, shape: tuple[int, ...], origin: str) -> Bits:
    import torch

    dtypes = (torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.bool)
    if (
        type(value) is not torch.Tensor
        or value.dtype not in dtypes
        or (value.layout, value.device.type) != (torch.strided, "cpu")
    ):
        raise BadInput(f"{origin}: its mask is no plain tensor of floats; save it as one")
    if tuple(value.shape) != shape:
        raise BadInput(
            f"{origin}: its mask is {tuple(value.shape)}, the matrix {shape}; use the model that "
            "the mask was made for"
        )
    kept = value == 1
    if not torch.all(kept | (value == 0)):
        raise BadInput(f"{origin}: its mask has values other than 0 and 1; write only these")
    return kept.numpy()
