"""Rule encode: how a task's data are encoded."""

from __future__ import annotations

from dataclasses import dataclass

from tickets.data.shape import Shape
from tickets.flags import filled


@dataclass(frozen=True, kw_only=True)
class Parameters(Shape):
    """The parameters of one split."""

    split: str = filled("split", default="")
