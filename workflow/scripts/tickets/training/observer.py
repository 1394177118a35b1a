"""What watches a training, and changes no bit of it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tickets.model.network import Network


class Observer:
    """Sees a training's network; what it has seen is saved with the training's state.

    This one sees nothing: others override what they need.
    """

    def begin(self, network: Network) -> None:
        """See the network before the first step, or before it goes on."""

    def observe(self, network: Network, step: int, total: int) -> None:
        """See the network after `step` of `total` steps."""

    def seen(self) -> NDArray[Any]:
        """All that was seen so far."""
        return np.empty(0)

    def restore(self, seen: NDArray[Any]) -> None:
        """Go on after the steps in which this was seen."""
