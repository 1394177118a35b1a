"""Whole trainings: rule train's own program on random texts, with the time that each part took."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest import mock

import engine_job
from engine_job import ANSWER, EngineJob

SCRIPTS = Path(__file__).resolve().parents[1] / "workflow" / "scripts"
PARTS = ("imports", "reading", "first step", "steps", "prediction and saving", "end")
STARTED = "ON_GPU_STARTED"  # the variable with the time at which the process was started


@dataclass(frozen=True, kw_only=True)
class Size:
    """A task's size: examples for training and validation, and epochs."""

    train: int
    validation: int
    epochs: int = 3

    @property
    def steps(self) -> int:
        """In batches of 32."""
        return self.epochs * -(-self.train // 32)


SIZES = {
    "rte": Size(train=2_490, validation=277),
    "cola": Size(train=8_551, validation=1_043),
    "sst2": Size(train=67_349, validation=872),
}


def prepare(job: EngineJob) -> dict[str, Any]:
    """Write what rule train reads, beside the inputs of `engine_inputs`: the ticket's file, and
    `job.examples` texts (None: as many as the task has).
    """
    import pyarrow as pa

    import engine_data
    import engine_inputs
    from tickets import canonical, ticket

    size = SIZES[job.task]
    train, validation = job.own_path("whole.arrow"), job.own_path("predicted.arrow")
    engine_inputs.write_data(engine_data.draw(job, job.examples or size.train), train)
    predicted = engine_data.draw(job, job.examples or size.validation)
    engine_inputs.write_data(predicted, validation)
    ids = pa.table({"id": [str(row) for row in predicted.example]})
    canonical.write(job.own_path("data.parquet"), ids)
    engine_inputs.write_statement(job.own_path("data.parquet"))
    theta, mask = job.path("ticket.safetensors"), job.path("mask.safetensors")
    ticket.write(job.path("ticket.json"), theta, mask)
    engine_inputs.write_statement(job.path("ticket.json"))
    return {}


def measure(job: EngineJob, percent: int) -> dict[str, Any]:
    """The seconds of each of `PARTS` of a training that ends after `percent` of its steps.

    {"failed": its last lines} if it does not end, {"skipped": why} if the time is over.
    """
    task, size = job.definition, SIZES[job.task]
    flags = {
        "task": job.task,
        "head": task.head,
        "labels": task.labels,
        "epochs": size.epochs,
        "batch-size": task.batch_size,
        "learning-rate": job.learning_rate,
        "precision": "bfloat16",
        "seed": job.seed,
        "threads": job.threads,
        "to-percent": percent,
        "ticket": job.path("ticket.json"),
        "theta": job.path("ticket.safetensors"),
        "mask": job.path("mask.safetensors"),
        "model": job.model,
        "train": job.own_path("whole.arrow"),
        "validation": job.own_path("predicted.arrow"),
        "data": job.own_path("data.parquet"),
        "predictions": job.own_path("predictions.parquet"),
        "trained": job.own_path("trained.safetensors"),
        "checkpoints": job.own_path("checkpoints"),
    }
    command = [sys.executable, __file__]
    command += [str(part) for name, value in flags.items() for part in (f"--{name}", value)]
    with tempfile.TemporaryFile("w+") as errors:
        started = time.monotonic()
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={**engine_job.environment(job.threads), STARTED: repr(started)},
        )
        lines = [line for line in engine_job.within(process, job.left) if line.startswith(ANSWER)]
        ended = time.monotonic()
        errors.seek(0)
        words = errors.read().strip().splitlines()
    if job.left <= 0:
        return {"skipped": "stopped at the end of the time"}
    if process.returncode or not lines:
        return {"failed": "\n".join(words[-5:])}
    *times, steps = json.loads(lines[-1].removeprefix(ANSWER))
    borders = [started, *times, ended]
    spans = [after - before for before, after in pairwise(borders)]
    return {
        "seconds": ended - started,
        "steps": steps,
        "of_steps": percent / 100,
        "parts": dict(zip(PARTS, spans, strict=True)),
    }


def main() -> None:
    """Run rule train's program with this command line, and print when each part had ended."""
    sys.path.insert(0, str(SCRIPTS))
    import engine_device
    import train as entry  # with its fast import of torch, as a job has it
    from engine_ours import Watch

    times = [time.monotonic()]
    steps: list[int] = []

    def reached(step: int) -> None:
        if not steps:
            engine_device.wait()
            times.append(time.monotonic())
        steps.append(step)

    def train(*arguments: Any, **options: Any) -> Any:
        times.append(time.monotonic())
        trained = own(*arguments, **{**options, "observer": Watch(reached)})
        times.append(time.monotonic())
        return trained

    own = entry.train
    with mock.patch.object(entry, "train", train):
        entry.main()
    times.append(time.monotonic())
    print(f"{ANSWER}{json.dumps([*times, len(steps)])}", flush=True)


if __name__ == "__main__":
    main()
