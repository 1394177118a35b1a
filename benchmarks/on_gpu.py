"""Is a training on this GPU exact, and how fast is it? One command, in under eight minutes.

It needs torch, transformers, numpy, pyarrow, safetensors, tokenizers and what these need; no data,
no checkpoint, no network. All networks have random weights, all texts random words. In this order:

1. correct: a BERT of four layers, three quarters of its prunable weights pruned, on each kind of
   task. padded: the largest relative difference of a loss from that of transformers' padded model
   under torch's pruning hooks (float32, no dropout, 20 steps); bf16: the same of bfloat16 from
   float32; twice, eager, resumed: whether losses and weights are equal bit by bit to those of the
   same training repeated, run without CUDA graphs, and stopped half-way and resumed (bfloat16,
   dropout 0.1, 60 steps); pruned: whether all pruned weights are zero at the end; graphs: how many
   were recorded.
2. fast: BERT-base, half of it pruned, bfloat16, on texts with the lengths of seven tasks
   (benchmarks/engine_tasks.py) in their batches: examples/s, the share of the rate of one large
   product on real tokens alone, the time from the start of a process to the end of its first step,
   GPU memory in tensors (reserved). Rivals are transformers' model under torch's hooks, padded to
   the task's length (128, 384, 512) or to a batch's longest text: "padded loop", a plain loop with
   autocast, AdamW and clipping; "Trainer", with bf16=True, where accelerate is installed. A rival
   padded to 128 has the same rate on all of GLUE, and is measured on SST-2. A rival's tasks share a
   process; its start counts for each. Then two and four of our trainings at once, each a process:
   "together" is all their examples over the time from the first one's timed steps to the last's.
3. whole trainings of RTE's, CoLA's and SST-2's size, by rule train's own program, with what each
   second went to; only a part of the steps where the time does not suffice.
4. --profile: the longest kernels of a step, and two ways to add up the gradients of embeddings.
   --compile: the padded loop under torch.compile.

Every part prints a line for each of its measurements; one for which the time left is too short is
skipped, and the line says so. At the end come tables, with goals beside the results, and one line
with a JSON object. Exit status: 0 all that was compared is exact, 1 something is not or failed,
2 nothing was measured.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import on_gpu_whole
from engine_job import BadInput, EngineJob, run, run_each
from engine_tasks import CASES
from on_gpu_report import RIVALS, Findings, tables

HEADS = ("classification", "regression", "span", "mlm")
START = 12.0  # seconds from the start of a process to a training's steps
STEP = 0.008  # seconds of one of our steps on short texts, until it is measured
NEEDS = {
    "model": 30.0,
    "correct": 20.0,
    "bf16": 20.0,
    **dict.fromkeys(RIVALS, 15.0),
    "compiled_bf16": 120.0,
    "side": 25.0,
    "profile": 20.0,
    "embeddings": 15.0,
}
"""Seconds that a measurement is expected to take, at most."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How much is measured: sizes of networks, tasks, numbers of untimed and timed steps, of
    trainings at once, and of texts; None: as many as a whole training's task has.
    """

    correct: str = "small"
    model: str = "bert-base"
    exact_steps: tuple[int, int] = (20, 60)  # in float32, in bfloat16
    tasks: Sequence[str] = tuple(CASES)
    our_steps: tuple[int, int] = (60, 300)
    rival_steps: tuple[int, int] = (5, 50)
    profiled_steps: tuple[int, int] = (60, 20)
    profiled: Sequence[str] = ("sst2", "rte", "squad", "mlm")
    padded: Sequence[str] = ("sst2", "squad", "mlm")  # one task for each length
    dynamic: Sequence[str] = ("sst2", "rte", "squad", "mnli_like", "cola", "qqp_like")
    side: Sequence[str] = ("sst2", "rte")
    at_once: Sequence[int] = (2, 4)
    examples: int = 8_192
    whole_examples: int | None = None
    threads: int = 4


TINY = Plan(
    correct="tiny",
    model="tiny",
    exact_steps=(6, 12),
    tasks=("sst2", "squad", "mlm"),
    our_steps=(1, 2),
    rival_steps=(1, 1),
    profiled_steps=(1, 1),
    profiled=("sst2",),
    padded=("sst2", "squad"),
    dynamic=("sst2",),
    side=("sst2",),
    at_once=(2,),
    examples=128,
    whole_examples=64,
    threads=1,
)


class Measurements:
    """All measurements of a plan, each added to `findings`."""

    def __init__(self, plan: Plan, findings: Findings, job: EngineJob) -> None:
        self._plan, self._findings, self._job = plan, findings, job

    def correct(self) -> None:
        """Compare trainings on each kind of task."""
        warm, steps = self._plan.exact_steps
        job = replace(self._job, model=self._plan.correct, warm=warm, steps=steps)
        self._add(self._needing(job, "correct", HEADS))

    def prepare(self) -> dict[str, Any]:
        """Write the inputs of the later parts; why they are not there, as an answer, or {}."""
        plan = self._plan
        model = replace(self._job, kind="model", model=plan.model, needs=NEEDS["model"])
        ((_, made),) = run_each([model])
        if "model" not in made:
            return made
        self._job = replace(self._job, model=made["model"], examples=plan.examples)
        jobs = self._jobs("inputs", plan.tasks, plan.our_steps)
        job = replace(self._job, kind="whole_inputs", examples=plan.whole_examples)
        jobs += [replace(job, task=task) for task in self._wholes()]
        for job, answer in run_each(jobs):
            if "failed" in answer or "skipped" in answer:
                return answer
            if job.kind == "inputs":
                self._findings.sizes[job.task] = answer
        return {}

    def fast(self, *, trainer: bool) -> None:
        """Measure speed and memory, ours and the rivals'."""
        plan = self._plan
        for job in self._jobs("bf16", plan.tasks, plan.our_steps):
            self._add([job])
        if trainer:
            self._add(self._jobs("trainer_128_bf16", plan.padded, plan.rival_steps))
        self._add(self._jobs("padded_bf16", plan.padded, plan.rival_steps))
        self._add(self._jobs("dynamic_bf16", plan.dynamic, plan.rival_steps))
        for task in plan.side:
            for count in plan.at_once:
                self._side(task, count)
        if trainer:
            self._add(self._jobs("trainer_bf16", plan.dynamic[:3], plan.rival_steps))

    def compiled(self) -> None:
        """Measure the rival that takes longest to start."""
        self._add(self._jobs("compiled_bf16", self._plan.padded, self._plan.rival_steps))

    def whole(self) -> None:
        """Measure whole trainings, or as much of one as there is time for."""
        for task in self._wholes():
            ours = self._findings.get("bf16", task)
            step = ours["seconds"] / self._plan.our_steps[1] if ours else STEP
            steps = on_gpu_whole.SIZES[task].steps
            percent = min(100, int(100 * (self._job.left - START) / (1.1 * step * steps)))
            if percent < 1:
                left = max(0.0, self._job.left)
                answer = {"skipped": f"needs more than {START:.0f} s, {left:.0f} s are left"}
            else:
                answer = on_gpu_whole.measure(replace(self._job, task=task), percent)
            self._findings.add("whole", task, answer)

    def profile(self) -> None:
        """List the kernels of steps."""
        plan = self._plan
        self._add(self._jobs("profile", plan.profiled, plan.profiled_steps))
        self._add(self._needing(self._job, "embeddings", ["tables"]))

    def _side(self, task: str, count: int) -> None:
        """Measure `count` of our trainings on a task at once."""
        (job,) = self._jobs("bf16", [task], self._plan.our_steps)
        job = replace(job, needs=NEEDS["side"])
        with ThreadPoolExecutor(count) as pool:
            answers = list(pool.map(_answer, [job] * count))
        self._findings.add("side", f"{count} x {task}", together(task, answers))

    def _wholes(self) -> Sequence[str]:
        return [task for task in on_gpu_whole.SIZES if task in self._plan.tasks]

    def _jobs(self, kind: str, tasks: Iterable[str], steps: tuple[int, int]) -> list[EngineJob]:
        job = replace(self._job, warm=steps[0], steps=steps[1])
        return self._needing(job, kind, tasks)

    def _needing(self, job: EngineJob, kind: str, tasks: Iterable[str]) -> list[EngineJob]:
        return [replace(job, kind=kind, task=task, needs=NEEDS.get(kind, 0.0)) for task in tasks]

    def _add(self, jobs: Sequence[EngineJob]) -> None:
        for job, answer in run_each(jobs):
            self._findings.add(job.kind, job.task, counted(job, answer))


def counted(job: EngineJob, answer: dict[str, Any]) -> dict[str, Any]:
    """The answer with the number of timed examples, if it is about speed."""
    if "seconds" not in answer:
        return answer
    return {**answer, "examples": job.steps * job.definition.batch_size}


def together(task: str, answers: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The answer of trainings side by side; memory is one training's largest."""
    for answer in answers:
        if "skipped" in answer or "failed" in answer:
            return answer
    ended = max(answer["ended"] for answer in answers)
    begun = min(answer["ended"] - answer["seconds"] for answer in answers)
    kept = ("first_step", "gpu_mib", "gpu_reserved_mib", "graphs")
    return {
        "task": task,
        "examples": sum(answer["examples"] for answer in answers),
        "seconds": ended - begun,
        **{name: max(a[name] for a in answers) for name in kept if name in answers[0]},
    }


def _answer(job: EngineJob) -> dict[str, Any]:
    ((_, answer),) = run_each([job])
    return counted(job, answer)


def _flags() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--seconds", type=float, default=450, help="the time that it may take (default: 450)"
    )
    parser.add_argument("--output", type=Path, help="JSON file, replaced with each finding")
    parser.add_argument(
        "--compile",
        action="store_true",
        help="also measure the padded loop under torch.compile, whose first step takes minutes",
    )
    parser.add_argument("--profile", action="store_true", help="also list the kernels of steps")
    parser.add_argument(
        "--tiny", action="store_true", help="try the program: tiny networks, few steps, any device"
    )
    return parser.parse_args()


def main() -> int:
    """Measure, print lines, tables and the JSON object; return the exit status."""
    flags = _flags()
    plan = TINY if flags.tiny else Plan()
    with tempfile.TemporaryDirectory() as folder:
        job = EngineJob(
            kind="matmul",
            model="",
            data="",
            folder=folder,
            task="",
            threads=plan.threads,
            warm=0,
            steps=0,
            deadline=time.monotonic() + flags.seconds,
        )
        try:
            machine = run(job)
        except BadInput as error:
            print(f"error: {error}", file=sys.stderr)
            return 2
        if "skipped" in machine or (machine["device"] == "CPU" and not flags.tiny):
            why = machine.get("skipped", "no GPU (--tiny tries the program on a CPU)")
            print(f"nothing is measured: {why}", file=sys.stderr)
            return 2
        print(f"{machine['device']}, torch {machine['torch']}", flush=True)
        findings = Findings(machine=machine, file=flags.output)
        measurements = Measurements(plan, findings, job)
        with ThreadPoolExecutor(1) as pool:
            prepared = pool.submit(measurements.prepare)  # on the CPU; nothing is timed meanwhile
            measurements.correct()
        if missing := prepared.result():
            findings.add("inputs", "of the other parts", missing)
        else:
            measurements.fast(trainer=importlib.util.find_spec("accelerate") is not None)
            measurements.whole()
            if flags.profile:
                measurements.profile()
            if flags.compile:
                measurements.compiled()
    print(f"\n{tables(findings)}\n")
    print(json.dumps(findings.result()))
    return findings.status


if __name__ == "__main__":
    sys.exit(main())
