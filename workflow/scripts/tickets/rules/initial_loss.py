"""Rule initial_loss: how the losses before any training are taken."""

from __future__ import annotations

from dataclasses import dataclass

from tickets.flags import flag
from tickets.training.recipe import PRECISIONS


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """The parameters of such losses. Which words are hidden is part of the encoded split."""

    task: str = flag("the MLM task's name", form="task")
    precision: str = flag("of activations", choices=PRECISIONS)
    threads: int = flag("CPU threads; they change bits", form="positive")
