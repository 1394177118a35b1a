"""How fast is the training engine, compared with its alternatives?

Contestants train the same masked model (50 % of the prunable weights pruned at random) on the same
batches, tokenised once, with the paper's AdamW, clipping and dropout:

- published: torch's pruning hooks on transformers' model, padded to 128, a plain loop, float32;
- trainer: the same hooks under transformers' Trainer, each batch padded to its longest text;
- trainer_128: the same padded to 128, as the Trainer's GLUE example does by default;
- trainer_bf16: trainer with bf16=True, for information;
- trainer_128_bf16: trainer_128 with bf16=True, the rival of our bf16 on a GPU;
- float32, bf16: our engine.

Tasks are GLUE's in batches of 32; mnli_like and qqp_like: random word pieces in texts whose lengths
have a gamma distribution with means 39 and 30 and half of that as standard deviation, clipped to
128; squad: windows of up to 384 tokens, in batches of 16; mlm: joined texts in pieces of 512, in
batches of 16, with the same words hidden for everyone. For these two, "128" means 384 and 512.

`--model bert-base` is a BERT-base with random weights, on which speed does not depend: the
measurement for a GPU. Targets are printed beside its ratios. Our engine records a CUDA graph for
each shape of a batch; the time of a timed step includes recording a shape that is new in it.

Every measurement is a process of its own; repeats take turns, so that a slow minute of the machine
affects all contestants. Times leave out tokenising and the first steps (--warm). "1st step" is the
time from the start of the process to the end of its first step; "peak MiB" is the process's largest
resident memory; on a GPU "GPU MiB" is the most memory in torch's tensors
(torch.cuda.max_memory_allocated), "reserved" the most that torch reserved (max_memory_reserved),
including recorded graphs. "of matmul" is the rate of the model's work on real tokens over the
machine's rate on one product of two large matrices, in the same precision and the same run.

With --quality the accuracy after a short training is compared instead: ours in both precisions and
trainer, all scored by transformers' model. The last line is a JSON object: for each task and our
precision, our examples/s over each rival's in float32, and if trainer_128_bf16 took part, that of
bf16 over it and "of_matmul"; with --quality the accuracies.

Needs accelerate: python -m pip install --constraint envs/constraints.txt --editable '.[benchmark]'
Exit status: 0 all tasks measured, 1 some task failed, 2 nothing measured.
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

from engine_job import BadInput, EngineJob, run
from engine_options import BERT_BASE, Options, parse
from engine_report import (
    BF16_RIVAL,
    OURS,
    Measured,
    format_targets,
    quality_table,
    ratios,
    share,
    speed_table,
)

FIGURES = ("seconds", "peak_mib", "first_step", "gpu_mib", "gpu_reserved_mib")


def measure(job: EngineJob, contestants: Sequence[str], repeats: int) -> tuple[dict[str, Any], str]:
    """The ratios of one task, and its table; `job` has all settings but the kind."""
    inputs = run(replace(job, kind="inputs"))
    answers: dict[str, list[dict[str, Any]]] = {name: [] for name in ("matmul", *contestants)}
    for number in range(repeats):
        for name, runs in answers.items():
            _log(f"{job.task}: repeat {number + 1} of {repeats}, {name}")
            runs.append(run(replace(job, kind=name)))
    machines = answers.pop("matmul")
    machine = {name: median(each[name] for each in machines) for name in OURS}
    measured = {
        name: Measured(
            examples=job.steps * job.definition.batch_size,
            **{figure: [each[figure] for each in runs] for figure in FIGURES if figure in runs[0]},
        )
        for name, runs in answers.items()
    }
    first = machines[0]
    head = (
        f"{first['device']}, {job.threads} threads, torch {first['torch']}; "
        "matrix products " + ", ".join(f"{name} {machine[name] / 1e9:.0f} GFLOP/s" for name in OURS)
    )
    result = ratios(measured)
    if BF16_RIVAL in result.get("bf16", {}):
        result["bf16"]["of_matmul"] = round(share(measured, inputs, machine, "bf16"), 3)
    table = speed_table(job.task, measured, inputs, machine)
    targets = format_targets(
        measured, inputs, machine, ratio=job.case.ratio, of_matmul=job.case.share
    )
    return result, f"{head}\n{table}\n{targets}"


def compare(job: EngineJob, contestants: Sequence[str], epochs: int) -> tuple[dict[str, Any], str]:
    """The accuracies of one task by contestant, one value per seed, and their table."""
    inputs = run(replace(job, kind="inputs"))
    steps = epochs * inputs["train"] // job.definition.batch_size
    training = replace(job, validate=True, warm=0, steps=steps)
    accuracies: dict[str, list[float]] = {}
    for name in contestants:
        _log(f"{job.task}: {name}, {job.seeds} seeds of {training.steps} steps")
        accuracies[name] = [
            run(replace(training, kind=name, seed=seed))["accuracy"]
            for seed in range(1, job.seeds + 1)
        ]
    return accuracies, f"{quality_table(job.task, accuracies, inputs)}\n"


def answer(options: Options) -> dict[str, Any]:
    """Print each task's table and return the results by task, without the tasks that failed.

    Raises:
        BadInput: something is missing that all tasks need.
    """
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        job = replace(options.job, folder=folder)
        if job.model == BERT_BASE:
            job = replace(job, model=run(replace(job, kind="model"))["model"])
        for task, data in options.data.items():
            own = replace(job, task=task, data=data)
            try:
                if options.quality:
                    results[task], table = compare(own, options.contestants, options.epochs)
                else:
                    results[task], table = measure(own, options.contestants, options.repeats)
            except BadInput as error:
                _log(f"error: {error}")
                continue
            print(table, flush=True)
    return results


def _log(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> int:
    """Print tables, then the JSON object; return the exit status."""
    try:
        options = parse(__doc__)
        if importlib.util.find_spec("accelerate") is None:  # the Trainer's
            raise BadInput("accelerate is not installed; --help says how to add it")
        results = answer(options)
    except BadInput as error:
        _log(f"error: {error}")
        return 2
    if not results:
        return 2
    print(json.dumps(results))
    return int(len(results) < len(options.data))


if __name__ == "__main__":
    sys.exit(main())
