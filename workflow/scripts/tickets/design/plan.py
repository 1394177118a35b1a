"""The plan of a study, printed before anything runs: trainings, hours and disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from tickets.design import registry
from tickets.design.config import Study
from tickets.design.costs import Disk, disk, whole_trainings
from tickets.design.counts import Counts, count
from tickets.design.sizes import ModelSize, TaskSize, model_size, task_size
from tickets.terminal import blocks
from tickets.training.checkpoints import KEPT

ADAPTED_MODELS = 2
"""Models that a study keeps whose model's pre-training goes on: before it, and after."""


def text(study: Study, at_once: int) -> str:
    """The plan of a study that runs `at_once` trainings at a time."""
    counts = count(study.design, study.tables)
    model, design = model_size(study), study.design
    sizes = {name: task_size(study, task) for name, task in study.data.items()}
    models = ADAPTED_MODELS if study.adaptation else 0
    needs = disk(
        counts, model, study.tasks, sizes, models=models, keep_trained=study.keep_checkpoints
    )
    lines = [
        f"Plan of {study.results}: {len(design.tasks)} tasks and {len(design.subsets)} subsets,"
        f" {len(design.seeds)} seeds, {len(design.sparsities)} rounds to"
        f" {design.sparsities[-1]} % sparsity",
        *_trainings(counts),
        *_tasks(study, counts, sizes),
        *_disk(counts, model, needs, at_once),
    ]
    return "\n".join(lines)


def _trainings(counts: Counts) -> list[str]:
    kinds = {kind: len(trainings) for kind, trainings in counts.kinds.items() if trainings}
    kinds["all"] = len(counts.trainings)
    jobs = counts.jobs
    alone = {f"{name}.csv": len(counts.needed_by(name)) for name in registry.tables()}
    by_rule = ", ".join(
        f"{rule} {jobs[rule]:,}" for rule in sorted(jobs, key=lambda r: (-jobs[r], r))
    )
    return [
        *blocks(
            ["trainings, each once", *kinds], [["", *(f"{number:,}" for number in kinds.values())]]
        ),
        "",
        f"{counts.shared:,} of them are needed by more than one table; table by table it would be"
        f" {counts.alone:,}.",
        *blocks(["a table alone", *alone], [["", *(f"{number:,}" for number in alone.values())]]),
        "",
        f"Beside them, {len(counts.early):,} trainings end early, at theta_i.",
        *_gatherings(counts),
        *_evaluations(counts),
        f"Jobs: {sum(jobs.values()):,}, and a few that read data or make tables ({by_rule})",
    ]


def _gatherings(counts: Counts) -> list[str]:
    """The trainings that leave no more than a mask's scores."""
    number = len(counts.gatherings)
    return [f"{number:,} more only gather movement, for masks."] if number else []


def _evaluations(counts: Counts) -> list[str]:
    """What it costs that no training both finds a mask and scores one."""
    shared = count(replace(counts.design, evaluation="same_seed"), counts.specs)
    if not (more := len(counts.trainings) - len(shared.trainings)):
        return []
    return [f"Scored trainings have seeds of their own; evaluation: same_seed saves {more:,}."]


def _tasks(study: Study, counts: Counts, sizes: Mapping[str, TaskSize]) -> list[str]:
    whole, speed = whole_trainings(counts), study.tokens_per_second
    if study.adaptation:
        whole[study.adaptation.text.name] = Fraction(1)
    amounts = {
        task + _mark(size): [whole[task] * (each or 0) for each in (1, size.examples, size.tokens)]
        for task, size in sizes.items()
    }
    amounts["all"] = [sum(column, Fraction()) for column in zip(*amounts.values(), strict=True)]
    head = ["whole trainings", "examples", "tokens", *([] if speed is None else ["hours"])]
    cells = [
        [
            f"{float(trainings):,.1f}",
            f"{round(examples):,}",
            f"{round(tokens):,}",
            *([] if speed is None else [f"{float(tokens) / speed / 3600:,.1f}"]),
        ]
        for trainings, examples, tokens in amounts.values()
    ]
    marks = {
        "*": "examples as published, as the data is not on this machine",
        "~": "the mean length of an example is an estimate",
        "?": "the size of this data is not known: left out",
    }
    used = "".join(map(_mark, sizes.values()))
    return [
        *blocks(["trained on", *amounts], list(zip(head, *cells, strict=True))),
        "",
        *(f"{mark} {meaning}" for mark, meaning in marks.items() if mark in used),
        "Hours are not known: tokens_per_second is null. `tickets calibrate` measures it."
        if speed is None
        else f"Hours of one device at {speed:,.0f} tokens a second, as tokens_per_second says;"
        " predictions and data not counted.",
    ]


def _mark(size: TaskSize) -> str:
    if size.examples is None:
        return " ?"
    mark = "*" * size.published + "~" * size.estimated
    return f" {mark}" if mark else ""


def _disk(counts: Counts, model: ModelSize, needs: Disk, at_once: int) -> list[str]:
    size = f"{model.parameters:,} weights, {model.prunable:,} prunable, {model.known}"
    rows = {
        f"masks ({len(counts.masks):,}, a bit a prunable weight)": needs.masks,
        f"kept weights ({needs.kept_weights:,}, float32)": needs.weights,
        "predictions, statements, logs": needs.predictions,
        "at the end": needs.end,
        f"at the peak, while {at_once} train{'s' * (at_once == 1)} at a time": needs.peak(at_once),
    }
    sizes = [f"{amount / 1e9:,.2f} GB" for amount in rows.values()]
    return [
        *blocks(["disk", *rows], [["", *sizes]]),
        "",
        f"Each training takes {needs.running / 1e9:,.2f} GB: what it begins and ends with, and"
        f" up to {KEPT + 1} checkpoints.",
        f"Model: {size}. Data sets are not counted.",
    ]
