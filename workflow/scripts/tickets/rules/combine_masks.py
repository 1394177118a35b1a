"""Rule combine_masks: which combination of masks."""

from __future__ import annotations

from dataclasses import dataclass

from tickets.combining import RANKS
from tickets.finder import COMBINED
from tickets.flags import filled, flag


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """The parameters of the mask."""

    finder: str = filled({"const": COMBINED}, default=COMBINED)
    name: str = flag("the combination's, in paths", form="task")
    by: str = flag("what a weight is ranked by", choices=tuple(RANKS))
    scope: str = flag("of the comparison: a file of tickets/scopes", form="scope")
    seed: int = flag("of the masks")
    sparsity: str = flag("per cent of the prunable weights", form="percent")
