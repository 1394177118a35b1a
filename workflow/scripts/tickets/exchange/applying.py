"""Apply masks to your own networks, and keep pruned weights zero while they train."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tickets import masks, provenance
from tickets.errors import BadInput
from tickets.files import read_bytes
from tickets.masks import Mask
from tickets.prunable import is_prunable, place

if TYPE_CHECKING:
    import torch
    from torch import Tensor
    from torch.nn import Parameter

PRUNED = "_tickets_pruned"
"""The attribute of a masked parameter that holds its pruned weights."""


def load_mask(path: str | Path) -> Mask:
    """Read the mask in a file, and compare it with its statement if one is beside it.

    Raises:
        Tampered: it does not fit its statement.
        BadInput: there is no such file, or it is not a mask file.
    """
    path = Path(path)
    if not path.is_file():
        reason = "it is a folder" if path.is_dir() else "there is no such file"
        raise BadInput(f"{path}: {reason}; name a mask, a file from results/masks")
    if provenance.statement_path(path).exists():
        return masks.read(path)
    return masks.from_bytes(read_bytes(path), str(path))


def apply_mask(model: torch.nn.Module, mask: Mask) -> None:
    """Set the weights that `mask` prunes to +0 in `model`, in place, and keep them so in training.

    A second mask replaces the first; weights that it no longer prunes stay zero until they are
    trained. Parameters keep their names, so that `state_dict` and `save_pretrained` work as without
    a mask. A pooler is ignored if the model, as many with a head, or the mask has none.

    Raises:
        BadInput: the model's prunable matrices are not the mask's, or have other shapes; the model
            is then unchanged.
    """
    import torch

    parameters = _fit(model.named_parameters(), mask)
    _zero_after_steps()
    for name, parameter in parameters.items():
        where = torch.from_numpy(~mask.kept[name])
        pruned: _Pruned | None = getattr(parameter, PRUNED, None)
        if pruned is None:
            pruned = _Pruned(where)
            setattr(parameter, PRUNED, pruned)
            # A hook can be registered only while the parameter requires a gradient; it then stays.
            requires_grad = parameter.requires_grad
            parameter.requires_grad_(True).register_hook(pruned.zero_gradient)
            parameter.requires_grad_(requires_grad)
        pruned.where = where
        pruned.zero(parameter)


class _Pruned:
    """The pruned weights of one parameter: True in `where`, which moves to its device.

    Their gradients are zero: an optimizer's moments stay zero, and the norm that is clipped is that
    of the kept weights. Weight decay leaves zeros unchanged.
    """

    def __init__(self, where: Tensor) -> None:
        self.where = where

    def zero_gradient(self, gradient: Tensor) -> Tensor:
        """The gradient, zero for pruned weights; not by a product, as infinity times 0 is NaN."""
        return gradient.masked_fill(self._on(gradient.device), 0)

    def zero(self, parameter: Parameter) -> None:
        """Set the pruned weights to zero, hidden from autograd: earlier graphs stay valid."""
        parameter.data.masked_fill_(self._on(parameter.device), 0)

    def _on(self, device: torch.device) -> Tensor:
        self.where = self.where.to(device)
        return self.where


@cache
def _zero_after_steps() -> None:
    """After each step of any optimizer, set the pruned weights among its parameters to zero.

    The moments of an optimizer that stepped before the mask was applied would move them.
    """
    from torch.optim.optimizer import Optimizer, register_optimizer_step_post_hook

    def zero(optimizer: Optimizer, *_: Any) -> None:
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                if (pruned := getattr(parameter, PRUNED, None)) is not None:
                    pruned.zero(parameter)

    register_optimizer_step_post_hook(zero)


def _fit(parameters: Iterable[tuple[str, Parameter]], mask: Mask) -> Mapping[str, Parameter]:
    """The parameters that `mask` prunes, by the mask's names.

    Raises:
        BadInput: as `apply_mask`.
    """
    matrices: dict[str, Parameter] = {}
    for whole, parameter in parameters:
        name = _name_in_encoder(whole)
        if name in matrices:
            raise BadInput(f"model: it has two of {name} ({whole}); pass one encoder only")
        if name is not None:
            matrices[name] = parameter
    missing = [name for name in mask.kept if name not in matrices and not _is_pooler(name)]
    foreign = [name for name in matrices if name not in mask.kept and not _is_pooler(name)]
    if missing:
        raise BadInput(
            f"model: it has no {missing[0]} ({len(missing)} of the mask's {len(mask.kept)} are "
            "missing); use the model that the mask was made for"
        )
    if foreign:
        raise BadInput(
            f"mask: it has no {foreign[0]} ({len(foreign)} of the model's {len(matrices)} are "
            "missing); use the model that the mask was made for"
        )
    fitting = {name: matrices[name] for name in mask.kept if name in matrices}
    for name, parameter in fitting.items():
        if tuple(parameter.shape) != mask.kept[name].shape or not parameter.is_floating_point():
            raise BadInput(
                f"model: {name} is {parameter.dtype} {tuple(parameter.shape)}, the mask is for "
                f"floats {mask.kept[name].shape}; use the model that the mask was made for"
            )
    return fitting


def _name_in_encoder(whole: str) -> str | None:
    """A prunable matrix's name without the encoder's prefix, such as `bert.` or `module.`."""
    parts = whole.split(".")
    names = (".".join(parts[begin:]) for begin in range(len(parts)))
    return next(filter(is_prunable, names), None)


def _is_pooler(name: str) -> bool:
    return place(name)[1] == "pooler"
