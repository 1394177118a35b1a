"""Our engine in the benchmark: with the imports, files and settings of rule train."""

from __future__ import annotations

import gc
import time
from pathlib import Path
from typing import Any

from engine_job import ADAM_EPSILON, CLIP_NORM, EngineJob
from tickets import architecture, masks, weights
from tickets.encoded import Encoded
from tickets.model import device
from tickets.training import loop
from tickets.training.loop import Trained
from tickets.training.recipe import Recipe


def train(job: EngineJob) -> dict[str, Any]:
    """Seconds to the end of the first step and of the timed steps, or the accuracy.

    `loop.train` has no callback for steps. So the time is the difference between a run of all steps
    and one that ends before the timed ones: what happens once per training (building the network,
    copying the weights back) cancels. The untimed steps have run before, so that their first-time
    costs are in neither run. Weights and losses are copied to the host, which waits for the device.
    """
    device.prepare(job.threads)
    encoder = architecture.read(Path(job.model))
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
        gc.collect()  # the last run's graphs refer to themselves, and would stay
        start = time.monotonic()
        trained = loop.train(
            theta,
            gamma,
            mask,
            encoded,
            encoder,
            recipe,
            head=job.definition.head,
            seed=job.seed,
            last_step=last,
        )
        return time.monotonic() - start, trained

    if job.validate:
        # Scored by transformers' model, as the rivals are; our training does not import it.
        import engine_rivals

        _, trained = run(job.total)
        return {"accuracy": engine_rivals.accuracy(job, engine_rivals.filled(job, trained))}
    run(1)
    first = time.monotonic() - job.started
    run(job.warm)
    short, _ = run(job.warm)
    long, _ = run(job.total)
    return {"first_step": first, "seconds": long - short}
