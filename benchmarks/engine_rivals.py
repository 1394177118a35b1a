"""The alternatives: torch's pruning hooks on transformers' model, in two loops.

published: as in the lottery-ticket papers' code, all texts padded to the maximal length, a plain
torch loop. trainer, trainer_bf16: transformers' `Trainer`, batches padded to their longest text;
trainer_128, trainer_128_bf16: padded to the task's maximal length (128 in GLUE), the default of its
examples for GLUE and SQuAD.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils import prune
from transformers import (
    AutoModelForMaskedLM,
    AutoModelForQuestionAnswering,
    AutoModelForSequenceClassification,
    PreTrainedModel,
    get_linear_schedule_with_warmup,
)

from engine_batches import examples, ordered, padded
from engine_job import ADAM_EPSILON, CLIP_NORM, EngineJob, Marks
from tickets import architecture, masks, weights
from tickets.architecture import mlm_head_names
from tickets.encoded import Encoded
from tickets.model.device import best_device
from tickets.training.loop import Trained


def train(job: EngineJob) -> dict[str, Any]:
    """Seconds to the end of the first step and of the timed steps, or the accuracy."""
    torch.manual_seed(job.seed)
    model = pruned(job)
    marks = Marks(job=job)
    encoded = Encoded.read(job.path("train.arrow"))
    (_published if job.kind == "published" else _trainer)(job, model, encoded, marks)
    return marks.answer() | ({"accuracy": accuracy(job, model)} if job.validate else {})


def pruned(job: EngineJob) -> PreTrainedModel:
    """Transformers' model with pruning hooks and the initial weights of our training."""
    model = _model(job)
    for name, kept in masks.read(job.path("mask.safetensors")).kept.items():
        if name.startswith("pooler.") and job.definition.head != "classification":
            continue  # transformers' models for spans and MLM have none
        module = model.base_model.get_submodule(name.removesuffix(".weight"))
        prune.custom_from_mask(module, "weight", torch.from_numpy(kept).float())
    return model


def filled(job: EngineJob, trained: Trained) -> PreTrainedModel:
    """Transformers' model with the weights that our engine trained."""
    model = _model(job)
    model.base_model.load_state_dict(_tensors(trained.theta))
    _load_head(job, model, trained.gamma)
    return model


def accuracy(job: EngineJob, model: PreTrainedModel) -> float:
    """The share of validation examples that `model` gets right, in float32."""
    encoded = Encoded.read(job.path("validation.arrow"))
    device = best_device()
    model = model.to(device).float().eval()
    right = 0
    with torch.inference_mode():
        size = job.definition.batch_size
        for rows in np.split(np.arange(len(encoded)), range(size, len(encoded), size)):
            whole = padded(examples(encoded, rows), encoded)
            batch = {name: value.to(device) for name, value in whole.items()}
            labels = batch.pop("labels")
            right += int((model(**batch).logits.argmax(dim=1) == labels).sum())
    return right / len(encoded)


def _model(job: EngineJob) -> PreTrainedModel:
    task = job.definition
    kind = {
        "classification": AutoModelForSequenceClassification,
        "span": AutoModelForQuestionAnswering,
        "mlm": AutoModelForMaskedLM,
    }[task.head]
    model = kind.from_pretrained(
        job.model, num_labels=task.labels or 2, dtype=torch.float32, local_files_only=True
    )
    _load_head(job, model, weights.read(job.path(f"head-{job.seed}.safetensors")))
    return model


def _load_head(job: EngineJob, model: PreTrainedModel, gamma: weights.Weights) -> None:
    if job.definition.head == "mlm":
        names = mlm_head_names(architecture.read(Path(job.model)).names)
        tensors = {names[name]: value for name, value in _tensors(gamma).items()}
        model.load_state_dict(tensors, strict=False)
        return
    output = "qa_outputs" if job.definition.head == "span" else "classifier"
    model.get_submodule(output).load_state_dict(
        {name.removeprefix("output."): value for name, value in _tensors(gamma).items()}
    )


def _tensors(values: weights.Weights) -> dict[str, Tensor]:
    return {name: torch.tensor(value) for name, value in values.items()}


def _published(job: EngineJob, model: PreTrainedModel, encoded: Encoded, marks: Marks) -> None:
    from torch.utils.data import DataLoader, TensorDataset

    device = best_device()
    model.to(device).train()
    whole = padded(ordered(job, encoded), encoded)
    loader = DataLoader(TensorDataset(*whole.values()), batch_size=job.definition.batch_size)
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=job.learning_rate, eps=ADAM_EPSILON, weight_decay=0.0
    )
    schedule = get_linear_schedule_with_warmup(optimizer, 0, job.total)
    for step, values in enumerate(loader, 1):
        batch = {n: value.to(device) for n, value in zip(whole, values, strict=True)}
        model(**batch).loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP_NORM)
        optimizer.step()
        schedule.step()
        model.zero_grad()
        marks.reached(step)


def _trainer(job: EngineJob, model: PreTrainedModel, encoded: Encoded, marks: Marks) -> None:
    from transformers import (
        AutoTokenizer,
        DataCollatorForTokenClassification,
        DataCollatorWithPadding,
        Trainer,
        TrainerCallback,
        TrainingArguments,
    )

    class Watch(TrainerCallback):
        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
            marks.reached(state.global_step)

    arguments = TrainingArguments(
        output_dir=str(job.path("trainer")),
        max_steps=job.total,
        per_device_train_batch_size=job.definition.batch_size,
        learning_rate=job.learning_rate,
        adam_epsilon=ADAM_EPSILON,
        max_grad_norm=CLIP_NORM,
        weight_decay=0.0,
        lr_scheduler_type="linear",
        bf16=job.kind.endswith("_bf16"),
        use_cpu=not torch.cuda.is_available(),
        seed=job.seed,
        train_sampling_strategy="sequential",  # in the order of everyone's batches
        remove_unused_columns=False,  # there are none
        logging_strategy="no",
        save_strategy="no",
        eval_strategy="no",
        report_to="none",
        disable_tqdm=True,
    )
    # For MLM each token has a label, which is padded with the tokens.
    mlm = job.definition.head == "mlm"
    collator = (DataCollatorForTokenClassification if mlm else DataCollatorWithPadding)(
        AutoTokenizer.from_pretrained(job.model, local_files_only=True),
        padding="max_length" if job.kind.startswith("trainer_128") else "longest",
        max_length=job.definition.max_length,
    )
    Trainer(
        model=model,
        args=arguments,
        train_dataset=ordered(job, encoded),
        data_collator=collator,
        callbacks=[Watch()],
    ).train()
