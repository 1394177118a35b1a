"""Shared by all contestants: a task's token ids, ticket, mask and heads; the machine's rate."""

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
from engine_job import EngineJob
from tickets import architecture, masks, provenance, weights
from tickets.criteria.random import draw
from tickets.encoded import Encoded
from tickets.initial import pretrained
from tickets.model.batches import choose_examples
from tickets.model.device import best_device
from tickets.training.loop import initial_head

SPARSITY = Fraction(1, 2)
MASK_SEED = 1


def prepare(job: EngineJob) -> dict[str, Any]:
    """Write the task's inputs to the job's folder; return the sizes of the timed steps."""
    started = provenance.now()

    def write_statement(path: Path, **facts: Any) -> None:
        provenance.write(
            path, rule="benchmark", parameters={}, dependencies={}, facts=facts, started=started
        )

    def write_data(encoded: Encoded, split: str) -> None:
        encoded.write(job.path(f"{split}.arrow"))
        write_statement(job.path(f"{split}.arrow"))

    task, train = job.definition, engine_data.training(job)
    write_data(train, "train")
    encoder = architecture.read(Path(job.model))
    theta = pretrained.read(Path(job.model))
    mask = draw(weights.prunable_of(theta), SPARSITY, MASK_SEED)
    masks.write(job.path("mask.safetensors"), mask)
    write_statement(job.path("mask.safetensors"), mask_digest=mask.digest)
    ticket = weights.rewind(theta, mask)
    for seed in range(1, job.seeds + 1):
        ours, head = initial_head(
            ticket, encoder, head=task.head, labels=task.labels or 0, seed=seed, task=job.task
        )
        weights.write(job.path("ticket.safetensors"), ours)
        weights.write(job.path(f"head-{seed}.safetensors"), head)
        write_statement(job.path(f"head-{seed}.safetensors"))
    write_statement(job.path("ticket.safetensors"))

    lengths, size = np.diff(train.offsets), task.batch_size
    timed = [
        lengths[choose_examples(len(train), size, job.seed, s)] for s in range(job.warm, job.total)
    ]
    sizes: dict[str, Any] = {
        "train": len(train),
        "max_length": task.max_length,
        "tokens": int(sum(batch.sum() for batch in timed)),
        "squares": int(sum((batch**2).sum() for batch in timed)),
        # Without the pooler, which sees one token of each example.
        "encoder_weights": sum(
            theta[name].size for name in mask.kept if not name.startswith("pooler.")
        ),
        "layers": encoder.layers,
        "hidden": encoder.hidden_size,
    }
    if job.case.scored:
        validation = engine_data.validation(job)
        write_data(validation, "validation")
        labels = validation.columns["label"]
        sizes["validation"] = len(labels)
        sizes["majority"] = float(np.bincount(labels).max() / len(labels))
    return sizes


def rates() -> dict[str, Any]:
    """The device's FLOP/s on a product of two square matrices, by precision, and its name."""
    device = best_device()
    size = 8192 if device.type == "cuda" else 2048  # a GPU needs a larger product to be busy
    result: dict[str, Any] = {
        "device": torch.cuda.get_device_name() if device.type == "cuda" else "CPU",
        "torch": torch.__version__,
    }
    for name, kind in (("float32", torch.float32), ("bf16", torch.bfloat16)):
        left, right = (torch.randn(size, size, device=device).to(kind) for _ in range(2))
        for _ in range(2):
            _seconds(lambda left=left, right=right: left @ right)
        seconds = median(_seconds(lambda left=left, right=right: left @ right) for _ in range(5))
        result[name] = 2 * size**3 / seconds
    return result


def _seconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - start
