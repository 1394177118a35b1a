"""What a study has before it, said when it starts."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from tickets.watch.lines import TRAININGS
from tickets.watch.pace import Pace, words

MANY = 10
"""Trainings that are worth some seconds to find out how long they take."""


def trainings_of(jobs: Collection[Any]) -> list[str]:
    """The names of the trainings among Snakemake's jobs, but of pre-training, of another kind."""
    return [
        TRAININGS[job.rule.name](job.wildcards_dict)
        for job in jobs
        if job.rule.name in TRAININGS and job.rule.name != "pretrain"
    ]


def text(results: str, all_of_it: int, waiting: Collection[str], pace: Pace, at_once: int) -> str:
    """The plan of a run: of `all_of_it` trainings these are waiting."""
    done = all_of_it - len(waiting)
    lines = [f"{results}: {all_of_it:,} trainings, {done:,} done, {len(waiting):,} to do"]
    left = pace.left(waiting, at_once)
    if waiting and left is not None:
        lines.append(f"time: {words(left)} with {at_once:,} at a time, {pace.source}")
    elif waiting:
        lines.append("time: known when the first are trained")
    if waiting:
        lines.append(f"how far each is: tickets progress {results}")
    return "\n".join(lines)


def farewell(results: str) -> str:
    """Where to look when a run has made its tables."""
    return (
        f"Tables: {results}/tables; figures: {results}/figures. Where a mask comes from:"
        f" tickets why {results}/masks/...; whether all is as it was made: tickets audit {results}"
    )


UNFINISHED = "The study is not finished. Give the same command again: it goes on from here."
"""What is said when a job failed, or a run was stopped."""
