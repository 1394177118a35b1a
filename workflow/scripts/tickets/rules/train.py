"""Rule train: how a ticket is trained on a task."""

from __future__ import annotations

from dataclasses import dataclass

from tickets.flags import flag
from tickets.meanings import FREEZE
from tickets.training.recipe import Recipe


@dataclass(frozen=True, kw_only=True)
class Parameters(Recipe):
    """The parameters of a training. Fine-tuning has no warm-up (paper, Table 1)."""

    task: str = flag("the task's name", form="task")
    head: str = flag("classification, regression, span or mlm", form="head")
    labels: int = flag("number of classes", default=1, form="positive")
    seed: int = flag("for head, data order, dropout")
    threads: int = flag("CPU threads; they change bits", form="positive")
    new_head: str | None = flag(
        "draw a head for NAME, even if the ticket has one",
        default=None,
        metavar="NAME",
        form={
            "type": "string",
            "pattern": r"^[a-z][a-z0-9_]*( under [a-z0-9_./-]+)?(?!\n)$",
        },
    )
    meaning: str | None = flag(
        "of the mask; default: pruned weights are zero, and not the ticket's own",
        default=None,
        choices=(FREEZE,),
    )
    from_percent: float = flag("of all steps, to start from", default=0, form="share")
    to_percent: float = flag("of all steps, to stop after", default=100, form="share")
