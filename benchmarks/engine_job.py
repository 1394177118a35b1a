"""One job of the engine benchmark: its settings, its process, and its answer.

The parent imports nothing large: on Linux a child's peak memory (`ru_maxrss`) starts at that of its
parent.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "workflow" / "scripts"))

from engine_tasks import Case, case
from tickets.errors import BadInput
from tickets.tasks import Task

CLIP_NORM = 1.0
ADAM_EPSILON = 1e-8
ANSWER = "answer: "  # begins the lines with answers; libraries print others
JOBS = {  # kind of job -> module and function; other kinds are rivals
    "model": ("engine_model", "make"),
    "inputs": ("engine_inputs", "prepare"),
    "matmul": ("engine_inputs", "rates"),
    "float32": ("engine_ours", "train"),
    "bf16": ("engine_ours", "train"),
    "correct": ("on_gpu_correct", "compare"),
    "whole_inputs": ("on_gpu_whole", "prepare"),
    "profile": ("on_gpu_profile", "kernels"),
    "embeddings": ("on_gpu_profile", "embedding_gradients"),
}
RIVALS = ("engine_rivals", "train")


@dataclass(frozen=True, kw_only=True)
class EngineJob:
    """The settings of one job.

    kind: one of `JOBS`, or a rival. model: a model directory, or for "model" one of its
    configurations. data: the folder of the task's data set; "" for random texts. folder: that of
    the inputs, or for "model" the model's. task: for "correct" a head. tokenizer: for "model", ""
    for made-up words. steps: the timed ones, after `warm` others. validate: score the trained
    network instead of timing it. started: `time.monotonic()` just before the process starts. It is
    not begun if less than `needs` seconds are left before `deadline`, and ends there.
    """

    kind: str
    model: str
    data: str
    folder: str
    task: str
    threads: int
    warm: int
    steps: int
    tokenizer: str = ""
    examples: int | None = None
    learning_rate: float = 2e-5
    seed: int = 1
    seeds: int = 1
    validate: bool = False
    started: float = 0.0
    needs: float = 0.0
    deadline: float | None = None

    @property
    def total(self) -> int:
        """The number of all steps, including those before the timed ones."""
        return self.warm + self.steps

    @property
    def case(self) -> Case:
        """The benchmark's task."""
        return case(self.task)

    @property
    def definition(self) -> Task:
        """The task's head, columns, length and batch size."""
        return self.case.definition

    @property
    def left(self) -> float:
        """Seconds to the deadline."""
        return float("inf") if self.deadline is None else self.deadline - time.monotonic()

    def path(self, name: str) -> Path:
        """An input that all tasks share."""
        return Path(self.folder) / name

    def own_path(self, name: str) -> Path:
        """An input of this job's task."""
        return Path(self.folder) / self.task / name


@dataclass(kw_only=True)
class Marks:
    """The times at which a training ended its first, its last untimed and its last step."""

    job: EngineJob
    at: dict[int, float] = field(default_factory=dict[int, float])

    def reached(self, step: int) -> None:
        """Record that step `step`, counted from 1, is complete, on the device too."""
        if step in (1, self.job.warm, self.job.total):
            import engine_device

            engine_device.wait()
            self.at[step] = time.monotonic()  # one clock for all processes of a machine

    def answer(self) -> dict[str, Any]:
        """The seconds to the first step and of the timed steps, and when these had ended."""
        answer = {"first_step": self.at[1] - self.job.started}
        if not self.job.validate:
            answer["ended"] = self.at[self.job.total]
            answer["seconds"] = answer["ended"] - self.at[self.job.warm]
        return answer


def run(job: EngineJob) -> dict[str, Any]:
    """Do `job` in a new process and return its answer.

    Raises:
        BadInput: the process failed; the message ends with its last lines.
    """
    ((_, answer),) = run_each([job])
    if "failed" in answer:
        raise BadInput(f"{job.kind} on {job.task or 'no task'} failed:\n{answer['failed']}")
    return answer


def run_each(jobs: Sequence[EngineJob]) -> Iterator[tuple[EngineJob, dict[str, Any]]]:
    """Do jobs with one deadline one after the other in a new process; each with its answer.

    That of a job for which no time was left is {"skipped": why}, of one in which the process ended
    {"failed": its last lines}. Another process then does the rest.
    """
    waiting = list(jobs)
    while waiting:
        with tempfile.TemporaryFile("w+") as errors:
            settings = [{**asdict(job), "started": time.monotonic()} for job in waiting]
            process = subprocess.Popen(
                [sys.executable, __file__, json.dumps(settings)],
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env=environment(waiting[0].threads),
            )
            for line in within(process, waiting[0].left):
                if line.startswith(ANSWER):
                    yield waiting.pop(0), json.loads(line.removeprefix(ANSWER))
            if waiting and waiting[0].left <= 0:
                yield waiting.pop(0), {"skipped": "stopped at the end of the time"}
            elif waiting:
                errors.seek(0)
                words = errors.read().strip().splitlines() or [f"status {process.returncode}"]
                yield waiting.pop(0), {"failed": "\n".join(words[-5:])}


def within(process: subprocess.Popen[str], seconds: float) -> Iterator[str]:
    """The lines that a process prints; it is killed after `seconds`, or if nobody reads on."""
    timer = threading.Timer(min(max(0.0, seconds), threading.TIMEOUT_MAX), process.kill)
    timer.start()
    assert process.stdout is not None
    try:
        yield from process.stdout
        process.wait()
    finally:
        timer.cancel()
        process.kill()
        process.wait()


def environment(threads: int) -> dict[str, str]:
    """The environment of a job's process."""
    return {
        **os.environ,
        "HF_HUB_OFFLINE": "1",
        "HF_DATASETS_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "OMP_NUM_THREADS": str(threads),
        # One GPU: the Trainer would use all that are visible.
        "CUDA_VISIBLE_DEVICES": os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0],
    }


def answer(job: EngineJob) -> dict[str, Any]:
    """Do `job` in this process."""
    # A contestant's time and memory include its own imports, not another's.
    module, function = JOBS.get(job.kind, RIVALS)
    return getattr(import_module(module), function)(job)


def main() -> None:
    """Do the jobs in the only argument (JSON), and print the answer of each as a line.

    The time to a job's first step includes that of the process until it could begin its first job:
    the imports of that job, and starting CUDA.
    """
    jobs = [EngineJob(**settings) for settings in json.loads(sys.argv[1])]
    import torch

    import engine_device

    torch.set_num_threads(jobs[0].threads)
    import_module(JOBS.get(jobs[0].kind, RIVALS)[0])
    engine_device.wait()
    ready = time.monotonic() - jobs[0].started
    for job in jobs:
        if job.left < job.needs:
            found = {"skipped": f"needs {job.needs:.0f} s, {max(0, job.left):.0f} s are left"}
        else:
            engine_device.begin()
            started = replace(job, started=time.monotonic() - ready)
            found = answer(started) | engine_device.peaks()
        print(f"{ANSWER}{json.dumps(found)}", flush=True)


if __name__ == "__main__":
    main()
