"""How fast is the training engine, next to what a user could pick instead?

Contestants train the same masked model (50 % of the prunable weights pruned at random) on the same
batches of 32 examples, tokenised once, with AdamW, clipping and dropout as the paper has them:

- published: torch's pruning hooks on transformers' model, padded to 128, a plain loop, float32;
- trainer: the same hooks under transformers' Trainer, each batch padded to its longest text;
- trainer_128: the same padded to 128, as the Trainer's GLUE example does by default;
- trainer_bf16: trainer with bf16=True, for information;
- float32, bf16: our engine.

Every measurement is a process of its own; repeats go round all contestants, so that a slow minute
of the machine meets all of them. Times leave out tokenising and the first 5 steps. Ours are the
difference between a run of all steps and one of the first 5 (training tells nobody of its steps);
the others are read off their own steps. "1st step" is from the start of the process to the end of
its first step; "peak" the process's largest resident memory (on a GPU, only what the host holds);
"of matmul" is the model's work on real tokens over what the machine does on one product of two
large matrices, in the same precision and the same run.

With --quality the accuracy after a short training is compared instead: ours in both precisions and
trainer, all scored by transformers' model. The last line is a JSON object: for each task and
precision of ours, our examples/s over each rival's in float32; with --quality the accuracies.

Needs accelerate: python -m pip install --constraint envs/constraints.txt --editable '.[benchmark]'
Exit status: 0 measured, 2 nothing could be measured.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
import tempfile
from dataclasses import replace
from statistics import median
from typing import Any

from engine_job import BATCH, BadInput, Job, run
from engine_report import (
    INFORMATION,
    OURS,
    RIVALS,
    Measured,
    quality_table,
    ratios,
    speed_table,
)

WARM = 5  # steps before the timed ones
CONTESTANTS = (*RIVALS, *INFORMATION, *OURS)
COMPARED = ("trainer", *OURS)  # with --quality


def measure(job: Job, contestants: list[str], repeats: int) -> tuple[dict[str, Any], str]:
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
            examples=job.steps * BATCH,
            **{
                figure: [each[figure] for each in found]
                for figure in ("seconds", "peak_mib", "first_step")
            },
        )
        for name, found in answers.items()
    }
    where = machines[0]
    head = (
        f"{where['device']}, {job.threads} threads, torch {where['torch']}; matrix products "
        + ", ".join(f"{name} {machine[name] / 1e9:.0f} GFLOP/s" for name in OURS)
    )
    return ratios(measured), f"{head}\n{speed_table(job.task, measured, inputs, machine)}"


def compare(job: Job, contestants: list[str], epochs: int) -> tuple[dict[str, Any], str]:
    """The accuracies of one task by contestant, a value a seed, and their table."""
    inputs = run(replace(job, kind="inputs"))
    training = replace(job, validate=True, warm=0, steps=epochs * inputs["train"] // BATCH)
    found: dict[str, list[float]] = {}
    for name in contestants:
        _tell(f"{job.task}: {name}, {job.seeds} seeds of {training.steps} steps")
        found[name] = [
            run(replace(training, kind=name, seed=seed))["accuracy"]
            for seed in range(1, job.seeds + 1)
        ]
    return found, quality_table(job.task, found, inputs)


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> int:
    """Print tables, then the JSON object; return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--model", required=True, help="directory with all-MiniLM-L6-v2 (or another BERT)"
    )
    parser.add_argument(
        "--data", required=True, help="folder with cola/, sst2/ and rte/ in the hub's GLUE layout"
    )
    parser.add_argument("--threads", type=int, default=2, help="of the CPU (default: 2)")
    parser.add_argument("--tasks", nargs="+", default=["sst2", "cola", "rte"], help="GLUE tasks")
    parser.add_argument(
        "--contestants", nargs="+", choices=CONTESTANTS, metavar="NAME", help="default: all"
    )
    parser.add_argument("--steps", type=int, default=40, help="timed steps (default: 40)")
    parser.add_argument("--repeats", type=int, default=3, help="of each measurement (default: 3)")
    parser.add_argument("--quality", action="store_true", help="compare accuracy, not speed")
    parser.add_argument(
        "--examples", type=int, default=640, help="quality: trained on (default: 640)"
    )
    parser.add_argument("--epochs", type=int, default=1, help="quality: (default: 1)")
    parser.add_argument(
        "--learning-rate", type=float, default=2e-5, help="quality: (default: 2e-5)"
    )
    parser.add_argument("--seeds", type=int, default=3, help="quality: (default: 3)")
    flags = parser.parse_args()

    found: dict[str, Any] = {}
    try:
        if importlib.util.find_spec("accelerate") is None:  # the Trainer's
            raise BadInput("accelerate is not installed; --help says how to add it")
        for task in flags.tasks:
            with tempfile.TemporaryDirectory() as folder:
                job = Job(
                    kind="",
                    model=flags.model,
                    data=flags.data,
                    folder=folder,
                    task=task,
                    threads=flags.threads,
                    warm=WARM,
                    steps=flags.steps,
                )
                if flags.quality:
                    contestants = list(flags.contestants or COMPARED)
                    settings = {
                        "examples": flags.examples,
                        "learning_rate": flags.learning_rate,
                        "seeds": flags.seeds,
                    }
                    found[task], table = compare(
                        replace(job, **settings), contestants, flags.epochs
                    )
                else:
                    contestants = list(flags.contestants or CONTESTANTS)
                    found[task], table = measure(job, contestants, flags.repeats)
            print(table, end="\n\n", flush=True)
    except BadInput as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
