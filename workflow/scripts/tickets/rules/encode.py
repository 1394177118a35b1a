"""Rule encode: how a task's data are encoded."""

from __future__ import annotations

from dataclasses import dataclass

from tickets.data.settings import Settings
from tickets.flags import filled


@dataclass(frozen=True, kw_only=True)
class Parameters(Settings):
    """The parameters of one split."""

    split: str = filled("split", default="")
