"""Keep a pruned model's zeros while transformers' `Trainer` trains it (docs/keep_zeros.md).

The zeros are held by `apply_mask`: a hook on each parameter sets the pruned weights' gradients to
zero as they arise. That is before gradients are accumulated, averaged over processes, and clipped,
so that their norm is that of the kept weights; the event `on_pre_optimizer_step` comes after all
that. Moments therefore stay zero, and weight decay has nothing to shrink. A parametrisation of
torch would do as much, but it renames the parameters, and the checkpoints' tensors with them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch.nn import Module
from transformers import TrainerCallback, TrainingArguments

from tickets.errors import BadInput
from tickets.exchange import zeros
from tickets.exchange.applying import apply_mask, check_zeros, load_mask
from tickets.masks import Mask


class KeepZeros(TrainerCallback):
    """Keep the zeros of a model, or of a mask, zero in training, and check them at its end.

    `mask` is a mask or its file. Without one it is that of the exact zeros of the model that the
    `Trainer` is made with, in its parameters with two or more dimensions; further zeros in a
    checkpoint that training resumes from do not count. `KeepZeros.mask` is what is held; None
    before the `Trainer` is made.

    Raises:
        BadInput: the file is no mask.
        Tampered: it does not fit its statement.
    """

    def __init__(self, mask: Mask | str | Path | None = None) -> None:
        self._given = load_mask(mask) if isinstance(mask, str | Path) else mask
        self.mask: Mask | None = None

    def on_init_end(self, args: TrainingArguments, *_: Any, **event: Any) -> None:
        """Find the zeros, before the weights of a checkpoint take the place of the model's.

        Raises:
            BadInput: there are none, or they could not be kept: weights are sharded, or adapters
                of PEFT are on a pruned matrix, or on any if no mask is given.
        """
        self.mask = _mask_for(event["model"], self._given, args)

    def on_train_begin(self, args: TrainingArguments, *_: Any, **event: Any) -> None:
        """Set the pruned weights to zero, and hold them.

        Raises:
            BadInput: the mask does not fit the model, or as `on_init_end`.
        """
        if self.mask is None:  # `Trainer.add_callback` brought it
            self.mask = _mask_for(event["model"], self._given, args)
        apply_mask(event["model"], self.mask)

    def on_train_end(self, *_: Any, **event: Any) -> None:
        """Check that every pruned weight is exactly zero.

        Raises:
            BadInput: one is not.
        """
        assert self.mask is not None
        check_zeros(event["model"], self.mask)


def _mask_for(model: Module, given: Mask | None, args: TrainingArguments) -> Mask:
    if args.fsdp or args.deepspeed:
        raise BadInput(
            "KeepZeros: FSDP and DeepSpeed shard the weights, and their zeros are not kept then; "
            "train without them, or with DDP"
        )
    if adapted := _adapted(model, given):
        raise BadInput(
            f"model: PEFT has put an adapter on {adapted[0]}, which fills zeros when it is merged; "
            "train the weights themselves, or name a mask that prunes nothing under adapters"
        )
    mask = given or zeros.mask_of(zeros.kept_by(model), "model")
    if not mask.pruned:
        raise BadInput("KeepZeros: nothing is pruned; give it a pruned model, or a mask of one")
    return mask


def _adapted(model: Module, mask: Mask | None) -> list[str]:
    """The modules with adapters of PEFT; of these, if there is a mask, those where it prunes."""
    adapted = [
        name
        for name, module in model.named_modules()
        if hasattr(module, "base_layer") and hasattr(module, "adapter_layer_names")
    ]
    if mask is None:
        return adapted
    pruned = [name.rpartition(".")[0] for name, bits in mask.kept.items() if not bits.all()]
    return [each for each in adapted if any(f".{each}".endswith(f".{name}") for name in pruned)]
