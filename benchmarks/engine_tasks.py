"""The engine benchmark's tasks: their data and targets.

A task's head, columns, length and batch size are those of the known tasks (tasks.yaml).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tickets import tasks
from tickets.tasks import Task


@dataclass(frozen=True, kw_only=True)
class Case:
    """A task of the benchmark.

    like: the known task with its head, length and batch size. source: the option that names its
    data; None if they are always random. Targets with BERT-base on a GPU are the ratio of our bf16
    over trainer_128_bf16, and the share of a matrix product's rate.

    Random texts have `mean_length` tokens on average (None: all have the task's length), `longest`
    at most (None: the task's length), of `pieces` different word pieces (None: of all). Where given
    these are those of the task's real training split.
    """

    like: str
    source: str | None = "data"
    mean_length: float | None = None
    longest: int | None = None
    pieces: int | None = None
    ratio: float | None = None
    share: float | None = None

    @property
    def definition(self) -> Task:
        """Its head, columns, length and batch size.

        Raises:
            BadInput: there is no such known task.
        """
        return tasks.task(self.like)

    @property
    def scored(self) -> bool:
        """Whether accuracies can be compared on it."""
        return self.source == "data"


CASES: Mapping[str, Case] = {
    "sst2": Case(like="sst2", mean_length=13, longest=64, pieces=12_000, ratio=7.0),
    "cola": Case(like="cola", mean_length=11, longest=64, pieces=5_900, ratio=7.0),
    "rte": Case(like="rte", mean_length=66, pieces=14_400, ratio=3.5),
    "mnli_like": Case(like="mnli", source=None, mean_length=39, ratio=5.0),
    "qqp_like": Case(like="qqp", source=None, mean_length=30, ratio=5.0),
    "squad": Case(
        like="squad", source="squad", mean_length=171, pieces=27_100, ratio=3.4, share=0.4
    ),
    "mlm": Case(like="mlm", source="text", ratio=1.9, share=0.4),
}


def case(name: str) -> Case:
    """The benchmark's task `name`; any other known task is one of GLUE."""
    return CASES.get(name) or Case(like=name)
