"""Transformers' padded models with given weights, pruned by torch's hooks."""

from __future__ import annotations

from pathlib import Path

import torch
from torch.nn.utils import prune
from transformers import (
    AutoConfig,
    AutoModelForMaskedLM,
    AutoModelForQuestionAnswering,
    AutoModelForSequenceClassification,
    PreTrainedModel,
)

from tickets import architecture
from tickets.architecture import mlm_head_names
from tickets.masks import Mask
from tickets.training.loop import Tensors


def filled(folder: Path, head: str, labels: int, theta: Tensors, gamma: Tensors) -> PreTrainedModel:
    """The model for a kind of task, configured as in `folder`, with the weights theta and gamma."""
    kind = {
        "classification": AutoModelForSequenceClassification,
        "regression": AutoModelForSequenceClassification,
        "span": AutoModelForQuestionAnswering,
        "mlm": AutoModelForMaskedLM,
    }[head]
    config = AutoConfig.from_pretrained(folder, num_labels=labels, local_files_only=True)
    model = kind.from_config(config, dtype=torch.float32)
    encoder = model.base_model  # for spans and MLM without a pooler
    encoder.load_state_dict({name: torch.tensor(theta[name]) for name in encoder.state_dict()})
    tensors = {name: torch.tensor(value) for name, value in gamma.items()}
    if head == "mlm":
        names = mlm_head_names(architecture.read(folder).names)
        model.load_state_dict({names[name]: t for name, t in tensors.items()}, strict=False)
    else:
        output = "qa_outputs" if head == "span" else "classifier"
        model.get_submodule(output).load_state_dict(
            {name.removeprefix("output."): value for name, value in tensors.items()}
        )
    return model


def hook(model: PreTrainedModel, mask: Mask) -> None:
    """Prune the model's weights by `mask`, in every forward pass."""
    encoder = model.base_model
    modules = dict(encoder.named_modules())
    for name, kept in mask.kept.items():
        module = modules.get(name.removesuffix(".weight"))  # spans and MLM have no pooler
        if module is not None:
            prune.custom_from_mask(module, "weight", torch.from_numpy(kept).float())
