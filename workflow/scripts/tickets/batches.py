"""Batches: which examples, in which order, packed end to end; functions of seed and step.

Nothing here has a state: a training that starts at step i sees what an uninterrupted one sees.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tickets.encoded import Encoded
from tickets.seeds import derive

Ints = NDArray[np.int64]


def steps_per_epoch(examples: int, batch_size: int) -> int:
    """Steps that see every example once; the last may be smaller."""
    return -(-examples // batch_size)


def chosen(examples: int, batch_size: int, seed: int, step: int) -> Ints:
    """The examples of a step (counted from 0), each once an epoch in an order of its own."""
    epoch, place = divmod(step, steps_per_epoch(examples, batch_size))
    return _order(examples, seed, epoch)[place * batch_size : (place + 1) * batch_size]


@lru_cache(maxsize=2)
def _order(examples: int, seed: int, epoch: int) -> Ints:
    return np.random.default_rng(derive(seed, f"order of epoch {epoch}")).permutation(examples)


@dataclass(frozen=True, kw_only=True)
class Packed:
    """Some sequences end to end: flat arrays [T], and where each sequence begins [B + 1]."""

    examples: Ints
    tokens: Ints
    types: Ints
    starts: Ints

    @property
    def lengths(self) -> Ints:
        """Tokens of each sequence [B]."""
        return np.diff(self.starts)

    @property
    def positions(self) -> Ints:
        """Each token's place in its sequence [T]."""
        return np.arange(self.tokens.size) - np.repeat(self.starts[:-1], self.lengths)

    @property
    def slots(self) -> Ints:
        """Each token's place in the B x L rectangle [T]."""
        row = np.repeat(np.arange(self.lengths.size), self.lengths)
        return row * self.lengths.max() + self.positions


def pack(encoded: Encoded, examples: Ints) -> Packed:
    """The sequences `examples`, without padding."""
    begins, ends = encoded.offsets[examples], encoded.offsets[examples + 1]
    starts = np.concatenate([[0], np.cumsum(ends - begins)])
    flat = np.arange(starts[-1]) + np.repeat(begins - starts[:-1], ends - begins)
    return Packed(
        examples=examples,
        tokens=encoded.tokens[flat].astype(np.int64),
        types=encoded.types[flat].astype(np.int64),
        starts=starts,
    )
