"""One job of the engine benchmark: its settings, its process, and its answer.

The parent imports nothing large: on Linux a child's peak memory (`ru_maxrss`) starts at that of its
parent.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "workflow" / "scripts"))

from engine_tasks import Case, case
from tickets.errors import BadInput
from tickets.tasks import Task

CLIP_NORM = 1.0
ADAM_EPSILON = 1e-8


@dataclass(frozen=True, kw_only=True)
class EngineJob:
    """The settings of one process.

    kind: "model", "inputs", "matmul" or a contestant. data: the folder of the task's data set.
    folder: that of the task's inputs, or for "model" the model. tokenizer: for "model", "" for
    made-up words. steps: the timed ones, after `warm` others. validate: score the trained network
    instead of timing it. started: `time.monotonic()` just before the process starts.
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

    def path(self, name: str) -> Path:
        """An input of this job's task."""
        return Path(self.folder) / name


@dataclass(kw_only=True)
class Marks:
    """The times at which a training ended its first, its last untimed and its last step."""

    job: EngineJob
    at: dict[int, float] = field(default_factory=dict[int, float])

    def reached(self, step: int) -> None:
        """Record that step `step`, counted from 1, is complete, on the device too."""
        if step in (1, self.job.warm, self.job.total):
            import torch

            if torch.cuda.is_available():
                torch.cuda.synchronize()
            self.at[step] = time.monotonic()  # one clock for all processes of a machine

    def answer(self) -> dict[str, Any]:
        """The seconds to the first step, and those of the timed steps."""
        answer = {"first_step": self.at[1] - self.job.started}
        if not self.job.validate:
            answer["seconds"] = self.at[self.job.total] - self.at[self.job.warm]
        return answer


def run(job: EngineJob) -> dict[str, Any]:
    """Do `job` in a new process and return its answer.

    Raises:
        BadInput: the process failed; the message ends with its last lines.
    """
    environment = {
        **os.environ,
        "HF_HUB_OFFLINE": "1",
        "HF_DATASETS_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "OMP_NUM_THREADS": str(job.threads),
        # One GPU: the Trainer would use all that are visible.
        "CUDA_VISIBLE_DEVICES": os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0],
    }
    settings = json.dumps({**asdict(job), "started": time.monotonic()})
    process = subprocess.run(
        [sys.executable, __file__, settings], capture_output=True, text=True, env=environment
    )
    if process.returncode:
        words = "\n".join(process.stderr.strip().splitlines()[-5:])
        raise BadInput(f"{job.kind} on {job.task or 'no task'} failed:\n{words}")
    return json.loads(process.stdout.splitlines()[-1])


def answer(job: EngineJob) -> dict[str, Any]:
    """Do `job` in this process."""
    # A contestant's time and memory include its own imports, not another's.
    if job.kind in ("float32", "bf16"):
        import engine_ours

        return engine_ours.train(job)
    if job.kind == "model":
        import engine_model

        return engine_model.make(job)
    if job.kind in ("inputs", "matmul"):
        import engine_inputs

        return engine_inputs.prepare(job) if job.kind == "inputs" else engine_inputs.rates()
    import engine_rivals

    return engine_rivals.train(job)


def peaks() -> dict[str, float]:
    """This process's peak memory in MiB: on the host and, with a GPU, in torch's tensors, and
    reserved by torch, graphs included.
    """
    import torch

    peak = {"peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}  # from KiB
    if torch.cuda.is_available():
        peak["gpu_mib"] = torch.cuda.max_memory_allocated() / 2**20
        peak["gpu_reserved_mib"] = torch.cuda.max_memory_reserved() / 2**20
    return peak


def main() -> None:
    """Do the job in the only argument (JSON), and print the answer as the last line."""
    job = EngineJob(**json.loads(sys.argv[1]))
    import torch

    torch.set_num_threads(job.threads)
    result = answer(job)
    print(json.dumps({**result, **peaks()}))


if __name__ == "__main__":
    main()
