"""The alternatives: torch's pruning hooks on transformers' model, in two loops.

published: as in the lottery-ticket papers' code, all texts padded to the maximal length, a plain
torch loop. padded_bf16, compiled_bf16, dynamic_bf16: the same in bfloat16; with `torch.compile`;
with batches padded to their longest text. trainer, trainer_bf16: transformers' `Trainer`, batches
padded to their longest text; trainer_128, trainer_128_bf16: padded to the task's maximal length
(128 in GLUE), the default of its examples for GLUE and SQuAD.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import PreTrainedModel, get_linear_schedule_with_warmup

import engine_hooks
from engine_batches import examples, ordered, padded
from engine_job import ADAM_EPSILON, CLIP_NORM, EngineJob, Marks
from tickets import masks, weights
from tickets.encoded import Encoded
from tickets.model.device import best_device
from tickets.training.loop import Trained


def train(job: EngineJob) -> dict[str, Any]:
    """Seconds to the end of the first step and of the timed steps, or the accuracy."""
    torch.manual_seed(job.seed)
    model = pruned(job)
    marks = Marks(job=job)
    encoded = Encoded.read(job.own_path("train.arrow"))
    (_trainer if job.kind.startswith("trainer") else _loop)(job, model, encoded, marks)
    return marks.answer() | ({"accuracy": accuracy(job, model)} if job.validate else {})


def pruned(job: EngineJob) -> PreTrainedModel:
    """Transformers' model with pruning hooks and the initial weights of our training."""
    theta = weights.read(job.path("ticket.safetensors"))
    gamma = weights.read(job.own_path(f"head-{job.seed}.safetensors"))
    task = job.definition
    model = engine_hooks.filled(Path(job.model), task.head, task.labels or 2, theta, gamma)
    engine_hooks.hook(model, masks.read(job.path("mask.safetensors")))
    return model


def filled(job: EngineJob, trained: Trained) -> PreTrainedModel:
    """Transformers' model with the weights that our engine trained."""
    task = job.definition
    return engine_hooks.filled(
        Path(job.model), task.head, task.labels or 2, trained.theta, trained.gamma
    )


def accuracy(job: EngineJob, model: PreTrainedModel) -> float:
    """The share of validation examples that `model` gets right, in float32."""
    encoded = Encoded.read(job.own_path("validation.arrow"))
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


def _loop(job: EngineJob, model: PreTrainedModel, encoded: Encoded, marks: Marks) -> None:
    device, size = best_device(), job.definition.batch_size
    model.to(device).train()
    if job.kind.startswith("compiled"):
        model.compile()
    rows = ordered(job, encoded)
    dynamic = job.kind.startswith("dynamic")
    batches = [
        padded(rows[begin : begin + size], encoded, dynamic=dynamic)
        for begin in range(0, len(rows), size)
    ]
    optimizer = torch.optim.AdamW(
        model.parameters(),
        lr=job.learning_rate,
        eps=ADAM_EPSILON,
        weight_decay=0.0,
        fused=device.type == "cuda",  # as the Trainer's
    )
    schedule = get_linear_schedule_with_warmup(optimizer, 0, job.total)
    for step, values in enumerate(batches, 1):
        batch = {name: value.to(device) for name, value in values.items()}
        with torch.autocast(device.type, torch.bfloat16, enabled=job.kind.endswith("_bf16")):
            loss = model(**batch).loss
        loss.backward()
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
