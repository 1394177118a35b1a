"""Dropout as a factor: zero at a dropped unit, 1 / (1 - rate) at a kept one.

On a GPU torch draws and multiplies in one kernel. On a CPU numpy's SFC64 draws the factors, 16 bits
each, in a sixth of the time of torch's generator; for small networks that time is a tenth of a
step. Draws depend on the step's seed alone: a resumed training draws what an uninterrupted one
draws.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from tickets.architecture import Architecture

_STEPS = 2**16  # rates are rounded to multiples of 1 / _STEPS: 0.1 becomes 0.10001


@dataclass(frozen=True, kw_only=True)
class Rates:
    """The rates at which hidden units and attention weights are dropped."""

    hidden: float
    attention: float

    @classmethod
    def of(cls, rate: float | None, architecture: Architecture) -> Rates:
        """One rate for both; None: the architecture's own."""
        if rate is not None:
            return cls(hidden=rate, attention=rate)
        return cls(hidden=architecture.hidden_dropout, attention=architecture.attention_dropout)


class Dropout:
    """The random draws of one step; they depend on `seed` and on the order of the calls."""

    def __init__(self, rates: Rates, seed: int, device: torch.device) -> None:
        self.rates = rates
        self._bits = np.random.SFC64(seed) if device.type == "cpu" else None

    def hidden(self, x: Tensor) -> Tensor:
        """`x` with hidden units dropped."""
        if not self.rates.hidden:
            return x
        if self._bits is None:
            return F.dropout(x, self.rates.hidden)
        return x * self._factor(x, self.rates.hidden)

    def add(self, x: Tensor, change: Tensor) -> Tensor:
        """`x` plus `change` with hidden units dropped."""
        if not self.rates.hidden or self._bits is None:
            return x + self.hidden(change)
        return torch.addcmul(x, change, self._factor(change, self.rates.hidden))

    def attention(self, weights: Tensor) -> Tensor:
        """Attention weights with some of them dropped."""
        return weights * self._factor(weights, self.rates.attention)

    def _factor(self, like: Tensor, rate: float) -> Tensor:
        assert self._bits is not None
        return torch.from_numpy(_factors(self._bits, like.shape, rate)).to(like.dtype)


NONE = Dropout(Rates(hidden=0.0, attention=0.0), 0, torch.device("cpu"))


def _factors(bits: np.random.SFC64, shape: Sequence[int], rate: float) -> np.ndarray:
    count = math.prod(shape)
    numbers = bits.random_raw((count + 3) // 4).view(np.uint16)[:count]
    dropped = round(rate * _STEPS)
    scale = np.float32(_STEPS / (_STEPS - dropped))
    return np.multiply(numbers >= dropped, scale, dtype=np.float32).reshape(shape)
