"""A network small enough for transformers' Trainer in a test, and trainings of it on a CPU.

As a program, `small_trainings.py FOLDER`, it is a process that torch.distributed.run starts, and
writes its weights to FOLDER/RANK.safetensors.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.optim import Optimizer
from transformers import Trainer, TrainerCallback, TrainingArguments, default_data_collator

Batch = Mapping[str, Tensor]
STEPS = 10
CLIP = 0.05


class Network(nn.Module):
    """A layer, a norm and a layer."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(6, 8)
        self.norm = nn.LayerNorm(8)
        self.second = nn.Linear(8, 3)

    def forward(self, x: Tensor, labels: Tensor) -> dict[str, Tensor]:
        logits = self.second(torch.tanh(self.norm(self.first(x))))
        return {"loss": nn.functional.cross_entropy(logits.float(), labels), "logits": logits}


def network() -> Network:
    """A pruned one: every other weight of both matrices is zero."""
    torch.manual_seed(0)
    made = Network()
    for layer in (made.first, made.second):
        layer.weight.data.view(-1)[::2] = 0
    return made


def examples(number: int = 64) -> list[dict[str, Any]]:
    drawn = torch.Generator().manual_seed(0)
    return [
        {"x": torch.randn(6, generator=drawn), "labels": int(torch.randint(3, (), generator=drawn))}
        for _ in range(number)
    ]


def adamw(model: nn.Module) -> Optimizer:
    return torch.optim.AdamW(model.parameters(), lr=0.05, weight_decay=0.1)


def trainer(
    model: nn.Module,
    folder: Path,
    *callbacks: TrainerCallback,
    collate: Callable[[list[Any]], Any] = default_data_collator,
    **arguments: Any,
) -> Trainer:
    """A training with AdamW, weight decay and clipping."""
    settings = {"max_steps": STEPS, "save_strategy": "no", "per_device_train_batch_size": 4}
    optimizer = adamw(model)
    return Trainer(
        model=model,
        args=TrainingArguments(
            output_dir=str(folder),
            use_cpu=True,
            max_grad_norm=CLIP,
            report_to="none",
            disable_tqdm=True,
            **settings | arguments,
        ),
        train_dataset=examples(),  # type: ignore[arg-type]
        data_collator=collate,
        optimizers=(optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, lambda _: 1.0)),
        callbacks=list(callbacks),
    )


if __name__ == "__main__":
    from tickets.integrations.transformers import KeepZeros

    folder, trained = Path(sys.argv[1]), network()
    trainer(trained, folder, KeepZeros(), ddp_backend="gloo", gradient_accumulation_steps=2).train()
    assert torch.distributed.get_world_size() == 2
    save_file(trained.state_dict(), folder / f"{os.environ['RANK']}.safetensors")
