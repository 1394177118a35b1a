"""Rule reinit: random weights in place of the pre-trained ones."""

from __future__ import annotations

from dataclasses import dataclass

from tickets.flags import flag


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """The parameters of re-initialisation."""

    seed: int = flag("for drawing the weights")
