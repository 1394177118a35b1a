"""How fast is the training engine, next to what a user could pick instead?

Contestants train the same masked model (50 % of the prunable weights pruned at random) on the same
batches, tokenised once, with AdamW, clipping and dropout as the paper has them:

- published: torch's pruning hooks on transformers' model, padded to 128, a plain loop, float32;
- trainer: the same hooks under transformers' Trainer, each batch padded to its longest text;
- trainer_128: the same padded to 128, as the Trainer's GLUE example does by default;
- trainer_bf16: trainer with bf16=True, for information;
- trainer_128_bf16: trainer_128 with bf16=True, the rival of our bf16 on a GPU;
- float32, bf16: our engine.

Tasks are GLUE's in batches of 32; mnli_like and qqp_like: the same on drawn word pieces, the
lengths from a gamma distribution with means 39 and 30, half of that as standard deviation, clipped
to 128; squad: windows of 384 tokens at most, in batches of 16; mlm: joined texts in pieces of 512,
in batches of 16, the same words hidden for everyone. There "128" stands for 384 and 512.

`--model bert-base` is a BERT-base with random weights, which speed does not depend on: the
measurement that a GPU is wanted for. What is aimed at stands beside its ratios. Ours records a CUDA
graph for each shape of a batch; a shape that first comes up in a timed step is recorded in it.

Every measurement is a process of its own; repeats go round all contestants, so that a slow minute
of the machine meets all of them. Times leave out tokenising and the first steps (--warm). Ours are
the difference between a run of all steps and one of the first ones (training tells nobody of its
steps); the others are read off their own steps. "1st step" is from the start of the process to the
end of its first step; "peak MiB" the process's largest resident memory; on a GPU "GPU MiB" is the
most that torch's tensors held there (torch.cuda.max_memory_allocated), "reserved" what torch took
of it (max_memory_reserved), where recorded graphs count too. "of matmul" is the model's work on
real tokens over what the machine does on one product of two large matrices, in the same precision
and the same run.

With --quality the accuracy after a short training is compared instead: ours in both precisions and
trainer, all scored by transformers' model. The last line is a JSON object: for each task and
precision of ours, our examples/s over each rival's in float32, and where trainer_128_bf16 took
part, that of bf16 over it and "of_matmul"; with --quality the accuracies.

Needs accelerate: python -m pip install --constraint envs/constraints.txt --editable '.[benchmark]'
Exit status: 0 measured, 1 some task could not be, 2 nothing could be measured.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from statistics import median
from typing import Any

from engine_job import BadInput, Job, run
from engine_options import BERT_BASE, Options, parse
from engine_report import (
    BF16_RIVAL,
    OURS,
    Measured,
    aimed_at,
    quality_table,
    ratios,
    share,
    speed_table,
)

FIGURES = ("seconds", "peak_mib", "first_step", "gpu_mib", "gpu_reserved_mib")


def measure(job: Job, contestants: Sequence[str], repeats: int) -> tuple[dict[str, Any], str]:
    """The ratios of one task, and its table; `job` says everything but the kind."""
    inputs = run(replace(job, kind="inputs"))
    answers: dict[str, list[dict[str, Any]]] = {name: [] for name in ("matmul", *contestants)}
    for number in range(repeats):
        for name, found in answers.items():
            _tell(f"{job.task}: repeat {number + 1} of {repeats}, {name}")
            found.append(run(replace(job, kind=name)))
    machines = answers.pop("matmul")
    machine = {name: median(each[name] for each in machines) for name in OURS}
    measured = {
        name: Measured(
            examples=job.steps * job.definition.batch_size,
            **{
                figure: [each[figure] for each in found] for figure in FIGURES if figure in found[0]
            },
        )
        for name, found in answers.items()
    }
    where = machines[0]
    head = (
        f"{where['device']}, {job.threads} threads, torch {where['torch']}; matrix products "
        + ", ".join(f"{name} {machine[name] / 1e9:.0f} GFLOP/s" for name in OURS)
    )
    result = ratios(measured)
    if BF16_RIVAL in result.get("bf16", {}):
        result["bf16"]["of_matmul"] = round(share(measured, inputs, machine, "bf16"), 3)
    table = speed_table(job.task, measured, inputs, machine)
    aims = aimed_at(measured, inputs, machine, ratio=job.case.ratio, of_matmul=job.case.share)
    return result, f"{head}\n{table}\n{aims}"


def compare(job: Job, contestants: Sequence[str], epochs: int) -> tuple[dict[str, Any], str]:
    """The accuracies of one task by contestant, a value a seed, and their table."""
    inputs = run(replace(job, kind="inputs"))
    steps = epochs * inputs["train"] // job.definition.batch_size
    training = replace(job, validate=True, warm=0, steps=steps)
    found: dict[str, list[float]] = {}
    for name in contestants:
        _tell(f"{job.task}: {name}, {job.seeds} seeds of {training.steps} steps")
        found[name] = [
            run(replace(training, kind=name, seed=seed))["accuracy"]
            for seed in range(1, job.seeds + 1)
        ]
    return found, f"{quality_table(job.task, found, inputs)}\n"


def answer(options: Options) -> dict[str, Any]:
    """What was found, by task; prints each one's table. A task that fails is told of and left out.

    Raises:
        BadInput: something is missing that all tasks need.
    """
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as made:
        job = options.job
        if job.model == BERT_BASE:
            job = replace(job, model=run(replace(job, kind="model", folder=made))["model"])
        for task, data in options.data.items():
            with tempfile.TemporaryDirectory() as folder:
                own = replace(job, task=task, data=data, folder=folder)
                try:
                    if options.quality:
                        found[task], table = compare(own, options.contestants, options.epochs)
                    else:
                        found[task], table = measure(own, options.contestants, options.repeats)
                except BadInput as error:
                    _tell(f"error: {error}")
                    continue
            print(table, flush=True)
    return found


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> int:
    """Print tables, then the JSON object; return the exit status."""
    try:
        options = parse(__doc__)
        if importlib.util.find_spec("accelerate") is None:  # the Trainer's
            raise BadInput("accelerate is not installed; --help says how to add it")
        found = answer(options)
    except BadInput as error:
        _tell(f"error: {error}")
        return 2
    if not found:
        return 2
    print(json.dumps(found))
    return int(len(found) < len(options.data))


if __name__ == "__main__":
    sys.exit(main())
