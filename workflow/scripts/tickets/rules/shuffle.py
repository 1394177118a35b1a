"""Rule shuffle: how pre-trained weights are shuffled."""

from __future__ import annotations

from dataclasses import dataclass

from tickets.flags import flag
from tickets.names import SHUFFLES


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """The parameters of shuffling."""

    how: str = flag("what is shuffled", choices=tuple(SHUFFLES))
    seed: int = flag("for drawing the order")
