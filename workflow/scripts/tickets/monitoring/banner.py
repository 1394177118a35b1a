"""The start-up banner, with trainings left and estimated time, and the messages at the end."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from tickets.monitoring.eta import TimeEstimate, in_words
from tickets.monitoring.log_handler import TRAININGS


def trainings_of(jobs: Collection[Any]) -> list[str]:
    """The names of the trainings among Snakemake's jobs, without pre-training."""
    return [
        TRAININGS[job.rule.name](job.wildcards_dict)
        for job in jobs
        if job.rule.name in TRAININGS and job.rule.name not in ("pretrain", "adapt")
    ]


def start_message(
    results: str, total: int, waiting: Collection[str], estimate: TimeEstimate, at_once: int
) -> str:
    """The banner: of `total` trainings `waiting` are to do, `at_once` at a time."""
    done = total - len(waiting)
    lines = [f"{results}: {total:,} trainings, {done:,} done, {len(waiting):,} to do"]
    left = estimate.left(waiting, at_once)
    if waiting and left is not None:
        lines.append(f"time: {in_words(left)} with {at_once:,} at a time, {estimate.source}")
    elif waiting:
        lines.append(
            "time: known when the first trainings are finished (`tickets calibrate` measures it)"
        )
    if waiting:
        lines.append(f"progress of each: tickets progress {results}")
    return "\n".join(lines)


def final_message(results: str) -> str:
    """Where to look when a run has made its tables."""
    return (
        f"Tables: {results}/tables; figures: {results}/figures. The history of a mask:"
        f" tickets why {results}/masks/...; whether any file was altered: tickets audit {results}"
    )


def unfinished_message(*, fault: bool) -> str:
    """What to do when a run has ended early: because of a fault, or because it was stopped."""
    if fault:
        advice = "Correct what failed, then give the same command again: what is finished is kept."
    else:
        advice = "Give the same command again: it goes on from here."
    return f"The study is not finished. {advice}"
