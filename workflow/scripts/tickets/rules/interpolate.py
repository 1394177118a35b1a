"""Rule interpolate: what the networks between two trainings' ends are evaluated by."""

from __future__ import annotations

from dataclasses import dataclass

from tickets.flags import flag
from tickets.training.recipe import PRECISIONS


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """The parameters of an evaluation along the line."""

    task: str = flag("the task's name", form="task")
    head: str = flag("classification, regression, span or mlm", form="head")
    metric: str = flag("the task's primary metric", form="task")
    precision: str = flag("of activations", choices=PRECISIONS)
    threads: int = flag("CPU threads; they change bits", form="positive")
