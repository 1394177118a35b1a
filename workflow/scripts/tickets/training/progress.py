"""The losses of a training: read from the device only when they are reported."""

from __future__ import annotations

import sys
import time
from datetime import timedelta
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tickets.errors import Diverged
from tickets.training.events import Events
from tickets.training.recipe import Recipe

REPORTS = 10  # progress lines per training


class Progress:
    """The losses of the steps from `first` to `last`, out of `total`.

    Losses stay on the device until the next report, because reading one waits for the device. Each
    line begins with `name`. With a folder `events`, reports are written to event files there, too.
    """

    def __init__(
        self,
        recipe: Recipe,
        *,
        first: int,
        last: int,
        total: int,
        name: str = "training",
        events: Path | None = None,
    ) -> None:
        self._recipe, self._name = recipe, name
        self._first, self._last, self._total = first, last, total
        self._known: list[float] = []
        self._waiting: list[Tensor] = []
        self._every = max(1, (last - first) // REPORTS)
        self._folder = events
        self._begin()

    def add(self, loss: Tensor) -> None:
        """Add the loss of the next step; report if a report is due.

        Raises:
            Diverged: a loss is not a number.
        """
        self._waiting.append(loss)
        done = len(self._known) + len(self._waiting)
        if done % self._every == 0 or self._first + done == self._last:
            self._report()

    def losses(self) -> NDArray[np.float64]:
        """All losses so far.

        Raises:
            Diverged: one is not a number.
        """
        if self._waiting:
            self._known += torch.stack(self._waiting).tolist()
            self._waiting.clear()
            for index in np.flatnonzero(~np.isfinite(self._known))[:1]:
                step = self._first + int(index)
                raise Diverged(
                    f"training: the loss at step {step + 1} of {self._total} is not a number"
                    f" (learning rate {self._recipe.rate(step, self._total):.3g}); write a lower"
                    " learning_rate"
                )
        return np.array(self._known)

    def restore(self, losses: NDArray[np.float64]) -> None:
        """Resume after the steps that had these losses."""
        self._known = losses.tolist()
        self._begin()
        print(
            f"{self._name}  resumed at step {self._reported}/{self._total}",
            file=sys.stderr,
            flush=True,
        )

    def _begin(self) -> None:
        """Count speed and mean loss from here on."""
        self._reported, self._at = self._first + len(self._known), time.monotonic()
        self._events: Events | None = None

    def _report(self) -> None:
        losses = self.losses()  # waits for the device, so that the time includes these steps
        step, now = self._first + len(losses), time.monotonic()
        loss = float(np.mean(losses[self._reported - step :]))
        steps_a_second = (step - self._reported) / max(now - self._at, 1e-9)
        examples = steps_a_second * self._recipe.batch_size
        left = timedelta(seconds=round((self._last - step) / steps_a_second))
        print(
            f"{self._name}  step {step}/{self._total}  loss {loss:.4f}"
            f"  {examples:.1f} examples/s  {left} left",
            file=sys.stderr,
            flush=True,
        )
        if self._folder:
            if self._events is None:
                self._events = Events(self._folder, begin=self._reported)
            rate = self._recipe.rate(step - 1, self._total)
            self._events.write(
                step, {"loss": loss, "learning_rate": rate, "examples_per_second": examples}
            )
            if step == self._last:
                self._events.close()
        self._reported, self._at = step, now
