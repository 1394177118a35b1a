"""What a user could pick instead: torch's pruning hooks on transformers' model, in two loops.

published: as in the lottery-ticket papers' code, everything padded to the maximal length, a plain
torch loop. trainer, trainer_bf16: transformers' `Trainer`, batches padded to their longest text;
trainer_128: to the maximal length, as its GLUE example does by default.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils import prune
from transformers import (
    AutoModelForSequenceClassification,
    PreTrainedModel,
    get_linear_schedule_with_warmup,
)

from engine_job import ADAM_EPSILON, BATCH, CLIP_NORM, MAX_LENGTH, Job, Marks
from tickets import masks, weights
from tickets.batches import chosen
from tickets.device import best_device
from tickets.encoded import Encoded
from tickets.training import Trained

Batch = dict[str, Tensor]


def train(job: Job) -> dict[str, Any]:
    """Seconds to the end of the first step and of the timed steps, or the accuracy."""
    torch.manual_seed(job.seed)
    model = _classifier(job)
    for name, kept in masks.read(job.path("mask.safetensors")).kept.items():
        module = model.base_model.get_submodule(name.removesuffix(".weight"))
        prune.custom_from_mask(module, "weight", torch.from_numpy(kept).float())
    marks = Marks(job=job)
    encoded = Encoded.read(job.path("train.arrow"))
    order = np.concatenate([chosen(len(encoded), BATCH, job.seed, s) for s in range(job.total)])
    if job.kind == "published":
        _published(job, model, encoded, order, marks)
    else:
        _trainer(job, model, encoded, order, marks)
    return marks.answer() | ({"accuracy": accuracy(job, model)} if job.validate else {})


def filled(job: Job, trained: Trained) -> PreTrainedModel:
    """Transformers' model with the weights that our engine trained."""
    model = _classifier(job)
    model.base_model.load_state_dict(_tensors(trained.theta))
    model.classifier.load_state_dict(_head(trained.gamma))
    return model


def accuracy(job: Job, model: PreTrainedModel) -> float:
    """The share of validation examples that `model` gets right, in float32."""
    encoded = Encoded.read(job.path("validation.arrow"))
    device = best_device()
    model = model.to(device).float().eval()
    right = 0
    with torch.inference_mode():
        for rows in np.split(np.arange(len(encoded)), range(BATCH, len(encoded), BATCH)):
            batch = {name: value.to(device) for name, value in _padded(encoded, rows).items()}
            labels = batch.pop("labels")
            right += int((model(**batch).logits.argmax(dim=1) == labels).sum())
    return right / len(encoded)


def _classifier(job: Job) -> PreTrainedModel:
    model = AutoModelForSequenceClassification.from_pretrained(
        job.model, num_labels=2, dtype=torch.float32, local_files_only=True
    )
    head = weights.read(job.path(f"head-{job.seed}.safetensors"))
    model.classifier.load_state_dict(_head(head))
    return model


def _head(gamma: weights.Weights) -> Batch:
    return {n.removeprefix("output."): value for n, value in _tensors(gamma).items()}


def _tensors(values: weights.Weights) -> Batch:
    return {name: torch.tensor(value) for name, value in values.items()}


def _padded(encoded: Encoded, rows: np.ndarray) -> Batch:
    """Examples as rows of `MAX_LENGTH` tokens."""
    ids = torch.full((len(rows), MAX_LENGTH), encoded.meta["pad_id"])
    types, seen = torch.zeros_like(ids), torch.zeros_like(ids)
    for place, row in enumerate(rows):
        part = slice(encoded.offsets[row], encoded.offsets[row + 1])
        length = part.stop - part.start
        ids[place, :length] = torch.from_numpy(encoded.tokens[part].astype(np.int64))
        types[place, :length] = torch.from_numpy(encoded.types[part].astype(np.int64))
        seen[place, :length] = 1
    return {
        "input_ids": ids,
        "token_type_ids": types,
        "attention_mask": seen,
        "labels": torch.from_numpy(encoded.columns["label"][rows].astype(np.int64)),
    }


def _published(
    job: Job, model: PreTrainedModel, encoded: Encoded, order: np.ndarray, marks: Marks
) -> None:
    from torch.utils.data import DataLoader, TensorDataset

    device = best_device()
    model.to(device).train()
    padded = _padded(encoded, order)
    loader = DataLoader(TensorDataset(*padded.values()), batch_size=BATCH)
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=job.learning_rate, eps=ADAM_EPSILON, weight_decay=0.0
    )
    schedule = get_linear_schedule_with_warmup(optimizer, 0, job.total)
    for step, values in enumerate(loader, 1):
        batch = {n: value.to(device) for n, value in zip(padded, values, strict=True)}
        model(**batch).loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP_NORM)
        optimizer.step()
        schedule.step()
        model.zero_grad()
        marks.reached(step)


def _trainer(
    job: Job, model: PreTrainedModel, encoded: Encoded, order: np.ndarray, marks: Marks
) -> None:
    from transformers import (
        AutoTokenizer,
        DataCollatorWithPadding,
        Trainer,
        TrainerCallback,
        TrainingArguments,
    )

    class Watch(TrainerCallback):
        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:  # noqa: ARG002
            marks.reached(state.global_step)

    examples = [
        {
            "input_ids": encoded.tokens[encoded.offsets[row] : encoded.offsets[row + 1]].tolist(),
            "token_type_ids": encoded.types[
                encoded.offsets[row] : encoded.offsets[row + 1]
            ].tolist(),
            "attention_mask": [1] * int(encoded.offsets[row + 1] - encoded.offsets[row]),
            "label": int(encoded.columns["label"][row]),
        }
        for row in order
    ]
    arguments = TrainingArguments(
        output_dir=str(job.path("trainer")),
        max_steps=job.total,
        per_device_train_batch_size=BATCH,
        learning_rate=job.learning_rate,
        adam_epsilon=ADAM_EPSILON,
        max_grad_norm=CLIP_NORM,
        weight_decay=0.0,
        lr_scheduler_type="linear",
        bf16=job.kind == "trainer_bf16",
        use_cpu=not torch.cuda.is_available(),
        seed=job.seed,
        train_sampling_strategy="sequential",  # `examples` are in the order of everyone's batches
        remove_unused_columns=False,  # there are none
        logging_strategy="no",
        save_strategy="no",
        eval_strategy="no",
        report_to="none",
        disable_tqdm=True,
    )
    collator = DataCollatorWithPadding(
        AutoTokenizer.from_pretrained(job.model, local_files_only=True),
        padding="max_length" if job.kind == "trainer_128" else "longest",
        max_length=MAX_LENGTH,
    )
    Trainer(
        model=model,
        args=arguments,
        train_dataset=examples,
        data_collator=collator,
        callbacks=[Watch()],
    ).train()
