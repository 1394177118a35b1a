"""Our engine in the benchmark: imports, files and settings of rule train, timed from outside."""

from __future__ import annotations

import gc
import time
from pathlib import Path
from typing import Any

from engine_job import ADAM_EPSILON, CLIP_NORM, Job
from tickets import architecture, masks, weights
from tickets.encoded import Encoded
from tickets.model import device
from tickets.training import loop
from tickets.training.loop import Trained
from tickets.training.recipe import Recipe


def train(job: Job) -> dict[str, Any]:
    """Seconds to the end of the first step and of the timed steps, or the accuracy.

    `training.train` tells nobody of its steps. So the timed ones are the difference between a run
    of all steps and one that ends before them: what happens once a training (building the network,
    copying the weights back) cancels. Every step before the timed ones has run before in both, so
    that no first-time cost of theirs is taken off the timed ones. Weights and losses come back to
    the host: a run's end is the device's too.
    """
    device.prepare(job.threads)
    known = architecture.read(Path(job.model))
    encoded = Encoded.read(job.path("train.arrow"))
    theta = weights.read(job.path("ticket.safetensors"))
    gamma = weights.read(job.path(f"head-{job.seed}.safetensors"))
    mask = masks.read(job.path("mask.safetensors"))
    recipe = Recipe(
        epochs=None,
        steps=job.total,
        batch_size=job.definition.batch_size,
        learning_rate=job.learning_rate,
        adam_epsilon=ADAM_EPSILON,
        clip_norm=CLIP_NORM,
        precision="bfloat16" if job.kind == "bf16" else "float32",
    )

    def run(last: int) -> tuple[float, Trained]:
        gc.collect()  # recorded graphs refer to themselves; the last run's would still be there
        begun = time.monotonic()
        trained = loop.train(
            theta,
            gamma,
            mask,
            encoded,
            known,
            recipe,
            head=job.definition.head,
            seed=job.seed,
            last_step=last,
        )
        return time.monotonic() - begun, trained

    if job.validate:
        # Scored by transformers' model, as the rivals are, and imported only here: a training
        # of ours does without.
        import engine_rivals

        _, trained = run(job.total)
        return {"accuracy": engine_rivals.accuracy(job, engine_rivals.filled(job, trained))}
    run(1)
    first = time.monotonic() - job.started
    run(job.warm)
    short, _ = run(job.warm)
    long, _ = run(job.total)
    return {"first_step": first, "seconds": long - short}
