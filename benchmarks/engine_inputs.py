"""What all contestants share: a task's token ids, ticket, mask and heads; the machine's rate."""

from __future__ import annotations

import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch

import engine_data
from engine_job import Job
from tickets import architecture, masks, provenance, weights
from tickets.criteria.random import draw
from tickets.encoded import Encoded
from tickets.initial import pretrained
from tickets.model.batches import choose_examples
from tickets.model.device import best_device
from tickets.training.loop import initial_head

SPARSITY = Fraction(1, 2)
MASK_SEED = 1


def prepare(job: Job) -> dict[str, Any]:
    """Write the task's inputs to the job's folder; say what the timed steps hold."""
    started = provenance.now()

    def state(path: Path, **facts: Any) -> None:
        provenance.write(
            path, rule="benchmark", parameters={}, dependencies={}, facts=facts, started=started
        )

    def keep(encoded: Encoded, split: str) -> None:
        encoded.write(job.path(f"{split}.arrow"))
        state(job.path(f"{split}.arrow"))

    task, train = job.definition, engine_data.training(job)
    keep(train, "train")
    known = architecture.read(Path(job.model))
    theta = pretrained.read(Path(job.model))
    mask = draw(weights.prunable_of(theta), SPARSITY, MASK_SEED)
    masks.write(job.path("mask.safetensors"), mask)
    state(job.path("mask.safetensors"), mask_digest=mask.digest)
    ticket = weights.rewind(theta, mask)
    for seed in range(1, job.seeds + 1):
        ours, head = initial_head(
            ticket, known, head=task.head, labels=task.labels or 0, seed=seed, task=job.task
        )
        weights.write(job.path("ticket.safetensors"), ours)
        weights.write(job.path(f"head-{seed}.safetensors"), head)
        state(job.path(f"head-{seed}.safetensors"))
    state(job.path("ticket.safetensors"))

    lengths, size = np.diff(train.offsets), task.batch_size
    timed = [
        lengths[choose_examples(len(train), size, job.seed, s)] for s in range(job.warm, job.total)
    ]
    found: dict[str, Any] = {
        "train": len(train),
        "max_length": task.max_length,
        "tokens": int(sum(batch.sum() for batch in timed)),
        "squares": int(sum((batch**2).sum() for batch in timed)),
        # The pooler is left out: it sees one token of each example.
        "encoder_weights": sum(
            theta[name].size for name in mask.kept if not name.startswith("pooler.")
        ),
        "layers": known.layers,
        "hidden": known.hidden_size,
    }
    if job.case.scored:
        validation = engine_data.validation(job)
        keep(validation, "validation")
        labels = validation.columns["label"]
        found["validation"] = len(labels)
        found["majority"] = float(np.bincount(labels).max() / len(labels))
    return found


def rates() -> dict[str, Any]:
    """The device's FLOP/s on a product of two square matrices, by precision, and its name."""
    device = best_device()
    size = 8192 if device.type == "cuda" else 2048  # a GPU needs a larger one to be full
    found: dict[str, Any] = {
        "device": torch.cuda.get_device_name() if device.type == "cuda" else "CPU",
        "torch": torch.__version__,
    }
    for name, kind in (("float32", torch.float32), ("bf16", torch.bfloat16)):
        left, right = (torch.randn(size, size, device=device).to(kind) for _ in range(2))
        for _ in range(2):
            _seconds(lambda left=left, right=right: left @ right)
        seconds = median(_seconds(lambda left=left, right=right: left @ right) for _ in range(5))
        found[name] = 2 * size**3 / seconds
    return found


def _seconds(work: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    work()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - begun
