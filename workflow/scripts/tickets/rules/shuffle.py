"""Rule shuffle: how pre-trained weights are shuffled."""

from __future__ import annotations

from dataclasses import dataclass

from tickets.flags import filled, flag
from tickets.names import SHUFFLES


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """The parameters of shuffling; statements of earlier versions, which shuffled every tensor of
    the encoder, do not have `matrices`.
    """

    how: str = flag("what is shuffled", choices=tuple(SHUFFLES))
    seed: int = flag("for drawing the order")
    matrices: str = filled({"const": "prunable"}, default="prunable", always=False)
