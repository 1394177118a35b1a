"""Apply masks to your own networks, and keep pruned weights zero while they train."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tickets import masks, provenance
from tickets.errors import BadInput
from tickets.exchange import hub_masks
from tickets.files import read_bytes
from tickets.masks import Mask
from tickets.prunable import is_prunable

if TYPE_CHECKING:
    import torch
    from torch import Tensor
    from torch.nn import Parameter

PRUNED = "_tickets_pruned"
"""The attribute of a masked parameter that holds its pruned weights."""

POOLER = "pooler.dense.weight"
"""The one prunable matrix that not every model of a family has."""


def load_mask(path: str | Path) -> Mask:
    """Read the mask in a file, and compare it with its statement if one is beside it.

    `path` may also be the address of a published mask, `hf://ORG/NAME@COMMIT/PATH`; its statement
    has to be beside it.

    Raises:
        Tampered: it does not fit its statement.
        BadInput: there is no such file, it is not a mask file, or the hub refuses it.
    """
    if str(path).startswith(hub_masks.SCHEME):
        return hub_masks.read(str(path))
    path = Path(path)
    if not path.is_file():
        reason = "it is a folder" if path.is_dir() else "there is no such file"
        raise BadInput(f"{path}: {reason}; name a mask, a file from results/masks")
    if provenance.statement_path(path).exists():
        return masks.read(path)
    return masks.from_bytes(read_bytes(path), str(path))


def apply_mask(model: torch.nn.Module, mask: Mask) -> None:
    """Set the weights that `mask` prunes to +0 in `model`, in place, and keep them so in training.

    A matrix is the parameter of that name, with any prefix. A second mask replaces the first, on
    matrices that it lacks too; weights that it no longer prunes stay zero until they are trained.
    Parameters keep their names, so that `state_dict` and `save_pretrained` work as without a mask.
    Matrices in which nothing is pruned may be missing, or have another shape, as a new head has. A
    pooler is ignored if the model, as many with a head, or the mask has none.

    Raises:
        BadInput: the model lacks a matrix of the mask, has it twice or in another shape, or is an
            encoder with prunable matrices that the mask lacks; the model is then unchanged.
    """
    import torch

    parameters = _fit(model, mask)
    _zero_after_steps()
    for parameter in model.parameters():
        earlier: _Pruned | None = getattr(parameter, PRUNED, None)
        if earlier is not None:
            earlier.where = torch.tensor(False)  # of any shape
    for name, parameter in parameters.items():
        where = torch.from_numpy(~mask.kept[name])
        pruned: _Pruned | None = getattr(parameter, PRUNED, None)
        if pruned is None:
            if mask.kept[name].all():
                continue
            pruned = _Pruned(where)
            setattr(parameter, PRUNED, pruned)
            # A hook can be registered only while the parameter requires a gradient; it then stays.
            requires_grad = parameter.requires_grad
            parameter.requires_grad_(True).register_hook(pruned.zero_gradient)
            parameter.requires_grad_(requires_grad)
        pruned.where = where
        pruned.zero(parameter)


def check_zeros(model: torch.nn.Module, mask: Mask) -> None:
    """Check that each weight of `model` that `mask` prunes is exactly zero.

    Raises:
        BadInput: one is not, or mask and model do not fit, as for `apply_mask`.
    """
    import torch

    moved: dict[str, int] = {}
    for name, parameter in _fit(model, mask).items():
        where = torch.from_numpy(~mask.kept[name]).to(parameter.device)
        pruned = parameter.detach()[where]
        if not torch.equal(pruned, torch.zeros_like(pruned)):
            moved[name] = int((pruned != 0).sum())
    if moved:
        raise BadInput(
            f"model: {sum(moved.values()):,} of the {mask.pruned:,} weights that the mask prunes "
            f"are not zero, the first in {next(iter(moved))}; find what writes weights beside the "
            "optimizer, and apply the mask after it"
        )


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


def _fit(model: torch.nn.Module, mask: Mask) -> Mapping[str, Parameter]:
    """The parameters that `mask` is for, by the mask's names.

    Raises:
        BadInput: as `apply_mask`.
    """
    # A tied parameter has several names; a checkpoint may know it by any of them.
    parameters = list(model.named_parameters(remove_duplicate=False))
    fitting: dict[str, Parameter] = {}
    missing: list[str] = []
    for name in mask.kept:
        found = _named(name, parameters)
        if len(found) > 1:
            raise BadInput(f"model: it has two of {name} ({found[1][0]}); pass one encoder only")
        if found:
            fitting[name] = found[0][1]
        elif not _is_pooler(name) and not mask.kept[name].all():
            missing.append(name)
    if missing:
        raise BadInput(
            f"model: it has no {missing[0]} ({len(missing)} of the mask's {len(mask.kept)} are "
            "missing); use the model that the mask was made for"
        )
    known = {id(parameter) for parameter in fitting.values()}
    prunable = {
        name: parameter for whole, parameter in parameters if (name := _name_in_encoder(whole))
    }
    foreign = [
        name
        for name, parameter in prunable.items()
        if id(parameter) not in known and not _is_pooler(name)
    ]
    if foreign:
        raise BadInput(
            f"mask: it has no {foreign[0]} ({len(foreign)} of the model's {len(prunable)} are "
            "missing); use the model that the mask was made for"
        )
    for name, parameter in list(fitting.items()):
        bits = mask.kept[name]
        if tuple(parameter.shape) == bits.shape and parameter.is_floating_point():
            continue
        if not bits.all():
            raise BadInput(
                f"model: {name} is {parameter.dtype} {tuple(parameter.shape)}, the mask is for "
                f"floats {bits.shape}; use the model that the mask was made for"
            )
        del fitting[name]  # a head for another number of classes
    return fitting


def _named(name: str, parameters: Sequence[tuple[str, Parameter]]) -> list[tuple[str, Parameter]]:
    """The parameters of that name or, if there is none, with any prefix before it."""
    exact = [each for each in parameters if each[0] == name]
    found = exact or [each for each in parameters if each[0].endswith(f".{name}")]
    return list({id(parameter): (whole, parameter) for whole, parameter in found}.values())


def _name_in_encoder(whole: str) -> str | None:
    """A prunable matrix's name without the encoder's prefix, such as `bert.` or `module.`."""
    parts = whole.split(".")
    names = (".".join(parts[begin:]) for begin in range(len(parts)))
    return next(filter(is_prunable, names), None)


def _is_pooler(name: str) -> bool:
    return _name_in_encoder(name) == POOLER
