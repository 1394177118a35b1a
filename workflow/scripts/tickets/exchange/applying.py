"""Masks for networks of one's own: read, put onto them, and kept there while they train."""

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
"""The attribute of a parameter under a mask that says what of it is pruned."""


def load_mask(path: str | Path) -> Mask:
    """The mask in a file, which is checked against its statement where one is beside it.

    Raises:
        Tampered: there is no such file, or it is not what its statement speaks of.
        BadInput: not a mask file.
    """
    path = Path(path)
    if provenance.statement_path(path).exists():
        return masks.read(path)
    return masks.from_bytes(read_bytes(path), str(path))


def apply_mask(model: torch.nn.Module, mask: Mask) -> None:
    """Set the weights that `mask` prunes to +0 in `model`, in place, and keep them so in training.

    A mask takes the place of the one that was applied before; weights that it prunes no more stay
    zero until they are trained. Parameters keep their names, so that `state_dict` and
    `save_pretrained` give what they give without a mask. A pooler that the model lacks, as many
    with a head do, or that the mask lacks, is left alone.

    Raises:
        BadInput: the model's prunable matrices are not the mask's, or have other shapes; nothing of
            it was changed.
    """
    import torch

    parameters = _fit(model.named_parameters(), mask)
    _zero_after_steps()
    for name, parameter in parameters.items():
        where = torch.from_numpy(~mask.kept[name])
        known: _Pruned | None = getattr(parameter, PRUNED, None)
        if known is None:
            known = _Pruned(where)
            setattr(parameter, PRUNED, known)
            # Autograd takes a hook only while gradients are asked for; it stays when they are not.
            asked = parameter.requires_grad
            parameter.requires_grad_(True).register_hook(known.survivors)
            parameter.requires_grad_(asked)
        known.where = where
        known.zero(parameter)


class _Pruned:
    """The pruned weights of one parameter: True in `where`, which follows it to its device.

    Gradients are zero there, so that no optimizer's moments ever hold anything and clipping sees
    the norm of the survivors; weight decay leaves zeros as they are.
    """

    def __init__(self, where: Tensor) -> None:
        self.where = where

    def survivors(self, gradient: Tensor) -> Tensor:
        """The gradient without the pruned weights'; no product, as infinity times 0 is not 0."""
        return gradient.masked_fill(self._on(gradient.device), 0)

    def zero(self, parameter: Parameter) -> None:
        """Set the pruned weights to zero, unseen by autograd: graphs built before stay valid."""
        parameter.data.masked_fill_(self._on(parameter.device), 0)

    def _on(self, device: torch.device) -> Tensor:
        self.where = self.where.to(device)
        return self.where


@cache
def _zero_after_steps() -> None:
    """After each step of any optimizer, set the pruned weights among its parameters to zero.

    An optimizer that took steps before the mask was there has moments that move them.
    """
    from torch.optim.optimizer import Optimizer, register_optimizer_step_post_hook

    def zero(optimizer: Optimizer, *_: Any) -> None:
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                if (pruned := getattr(parameter, PRUNED, None)) is not None:
                    pruned.zero(parameter)

    register_optimizer_step_post_hook(zero)


def _fit(parameters: Iterable[tuple[str, Parameter]], mask: Mask) -> Mapping[str, Parameter]:
    """The parameters that `mask` prunes, under its names for them."""
    found: dict[str, Parameter] = {}
    for whole, parameter in parameters:
        name = _within_the_encoder(whole)
        if name in found:
            raise BadInput(f"model: it has two of {name} ({whole}); name the encoder that is meant")
        if name is not None:
            found[name] = parameter
    missing = [name for name in mask.kept if name not in found and not _is_pooler(name)]
    foreign = [name for name in found if name not in mask.kept and not _is_pooler(name)]
    if missing:
        raise BadInput(
            f"model: it has no {missing[0]} ({len(missing)} of the mask's {len(mask.kept)} are "
            "missing); use the model that the mask was made for"
        )
    if foreign:
        raise BadInput(
            f"mask: it has no {foreign[0]} ({len(foreign)} of the model's {len(found)} are "
            "missing); use the model that the mask was made for"
        )
    fitting = {name: found[name] for name in mask.kept if name in found}
    for name, parameter in fitting.items():
        if tuple(parameter.shape) != mask.kept[name].shape or not parameter.is_floating_point():
            raise BadInput(
                f"model: {name} is {parameter.dtype} {tuple(parameter.shape)}, the mask is for "
                f"floats {mask.kept[name].shape}; use the model that the mask was made for"
            )
    return fitting


def _within_the_encoder(whole: str) -> str | None:
    """A prunable matrix's name without what stands before the encoder: `bert.`, `module.`, ..."""
    parts = whole.split(".")
    names = (".".join(parts[begin:]) for begin in range(len(parts)))
    return next(filter(is_prunable, names), None)


def _is_pooler(name: str) -> bool:
    return place(name)[1] == "pooler"
