"""Rule winning_mask: which winning mask, and its sparsity."""

from __future__ import annotations

from dataclasses import dataclass

from tickets.flags import filled, flag
from tickets.names import WINNING


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """The parameters of the copy."""

    task: str = flag("the source", form="task")
    criterion: str = flag("of what wins", choices=tuple(WINNING.values()))
    sparsity: str = filled("percent", default="")
