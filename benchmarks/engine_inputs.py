"""Shared by all contestants: a task's token ids, ticket, mask and heads; the machine's rate."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import engine_data
import engine_device
from engine_job import EngineJob
from tickets import architecture, masks, provenance, weights
from tickets.architecture import Architecture
from tickets.criteria.random import draw
from tickets.encoded import Encoded
from tickets.initial import pretrained
from tickets.masks import Mask
from tickets.model.batches import choose_examples
from tickets.training.loop import Tensors, initial_head

SPARSITY = Fraction(1, 2)
MASK_SEED = 1


@dataclass(frozen=True, kw_only=True)
class Start:
    """What the trainings of all tasks start from."""

    encoder: Architecture
    mask: Mask
    ticket: Tensors


@cache
def start(model: Path) -> Start:
    """The ticket of a model directory."""
    theta = pretrained.read(model)
    mask = draw(weights.prunable_of(theta), SPARSITY, MASK_SEED)
    return Start(encoder=architecture.read(model), mask=mask, ticket=weights.rewind(theta, mask))


def prepare(job: EngineJob) -> dict[str, Any]:
    """Write the task's inputs to the job's folder; return the sizes of the timed steps."""
    task, train = job.definition, engine_data.training(job)
    write_data(train, job.own_path("train.arrow"))
    first = start(Path(job.model))
    for seed in range(1, job.seeds + 1):
        theta, head = initial_head(
            first.ticket,
            first.encoder,
            head=task.head,
            labels=task.labels or 0,
            seed=seed,
            task=job.task,
        )
        write_weights(job.own_path(f"head-{seed}.safetensors"), head)
        if not job.path("ticket.safetensors").exists():  # the same for all tasks
            write_weights(job.path("ticket.safetensors"), theta)
            masks.write(job.path("mask.safetensors"), first.mask)
            write_statement(job.path("mask.safetensors"), mask_digest=first.mask.digest)

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
            kept.size for name, kept in first.mask.kept.items() if not name.startswith("pooler.")
        ),
        "layers": first.encoder.layers,
        "hidden": first.encoder.hidden_size,
    }
    if job.data and job.case.scored:
        validation = engine_data.validation(job)
        write_data(validation, job.own_path("validation.arrow"))
        labels = validation.columns["label"]
        sizes["validation"] = len(labels)
        sizes["majority"] = float(np.bincount(labels).max() / len(labels))
    return sizes


def write_data(encoded: Encoded, path: Path) -> None:
    """Write encoded examples with their statement."""
    encoded.write(path)
    write_statement(path)


def write_weights(path: Path, tensors: Tensors) -> None:
    """Write weights with their statement."""
    weights.write(path, tensors)
    write_statement(path)


def write_statement(path: Path, **facts: Any) -> None:
    """Write a statement, which whoever reads the file at `path` asks for."""
    provenance.write(
        path,
        rule="benchmark",
        parameters={},
        dependencies={},
        facts=facts,
        started=provenance.now(),
    )


def rates(job: EngineJob) -> dict[str, Any]:  # noqa: ARG001 - as every job
    """The machine's rates."""
    return engine_device.rates()
