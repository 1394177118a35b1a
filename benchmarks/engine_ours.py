"""Our engine in the benchmark: with the imports, files and settings of rule train."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest import mock

from engine_job import ADAM_EPSILON, CLIP_NORM, EngineJob, Marks
from tickets import architecture, masks, weights
from tickets.encoded import Encoded
from tickets.model import device
from tickets.model.network import Network
from tickets.training import loop
from tickets.training.graphs import Graphs
from tickets.training.loop import Trained
from tickets.training.observer import Observer
from tickets.training.recipe import Recipe


class Watch(Observer):
    """Calls `reached` after each step."""

    def __init__(self, reached: Any) -> None:
        self._reached = reached

    def observe(self, network: Network, step: int, total: int) -> None:  # noqa: ARG002
        """Pass on that `step` is done."""
        self._reached(step)


def train(job: EngineJob) -> dict[str, Any]:
    """Seconds to the end of the first step and of the timed steps, or the accuracy; the number of
    recorded graphs.
    """
    marks = Marks(job=job)
    with mock.patch.object(Graphs, "_record", autospec=True, side_effect=Graphs._record) as record:
        trained = run(job, Watch(marks.reached))
    if not job.validate:
        return {**marks.answer(), "graphs": record.call_count}
    # Scored by transformers' model, as the rivals are; our training does not import it.
    import engine_rivals

    return {"accuracy": engine_rivals.accuracy(job, engine_rivals.filled(job, trained))}


def run(job: EngineJob, watch: Watch) -> Trained:
    """Train all of the job's steps; `watch` sees each."""
    device.prepare(job.threads)
    return loop.train(
        weights.read(job.path("ticket.safetensors")),
        weights.read(job.own_path(f"head-{job.seed}.safetensors")),
        masks.read(job.path("mask.safetensors")),
        Encoded.read(job.own_path("train.arrow")),
        architecture.read(Path(job.model)),
        Recipe(
            epochs=None,
            steps=job.total,
            batch_size=job.definition.batch_size,
            learning_rate=job.learning_rate,
            adam_epsilon=ADAM_EPSILON,
            clip_norm=CLIP_NORM,
            precision="float32" if job.kind == "float32" else "bfloat16",
        ),
        head=job.definition.head,
        seed=job.seed,
        observer=watch,
    )
