"""The losses of a training: reported now and then, and looked at only then."""

from __future__ import annotations

import sys

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tickets.errors import Diverged
from tickets.recipe import Recipe

REPORTS = 10  # progress lines a training


class Progress:
    """The loss of each step from `first` to `last` of `total`.

    Losses stay on the device until a report: looking at one waits for the device.
    """

    def __init__(self, recipe: Recipe, *, first: int, last: int, total: int) -> None:
        self._recipe = recipe
        self._first, self._last, self._total = first, last, total
        self._known: list[float] = []
        self._waiting: list[Tensor] = []
        self._every = max(1, (last - first) // REPORTS)

    def add(self, loss: Tensor) -> None:
        """Take the loss of the next step; report when it is time to.

        Raises:
            Diverged: a loss is not a number.
        """
        self._waiting.append(loss)
        done = len(self._known) + len(self._waiting)
        if done % self._every == 0 or self._first + done == self._last:
            losses = self.losses()
            recent = float(np.mean(losses[-self._every :]))
            at = f"step {self._first + done}/{self._total}"
            print(f"{at}  loss {recent:.4f}", file=sys.stderr, flush=True)

    def losses(self) -> NDArray[np.float64]:
        """All losses until now.

        Raises:
            Diverged: one is not a number.
        """
        if self._waiting:
            self._known += torch.stack(self._waiting).tolist()
            self._waiting.clear()
            for place in np.flatnonzero(~np.isfinite(self._known))[:1]:
                step = self._first + int(place)
                raise Diverged(
                    f"training: the loss at step {step + 1} of {self._total} is not a number"
                    f" (learning rate {self._recipe.rate(step, self._total):.3g}); write a lower"
                    " learning_rate"
                )
        return np.array(self._known)

    def restore(self, losses: NDArray[np.float64]) -> None:
        """Go on after these losses."""
        self._known = losses.tolist()
        step = self._first + len(self._known)
        print(f"resumed at step {step}/{self._total}", file=sys.stderr, flush=True)
