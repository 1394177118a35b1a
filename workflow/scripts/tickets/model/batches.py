"""Batches: which examples, in which order, laid out in rows; functions of seed and step.

Nothing here has a state: a training that starts at step i sees what an uninterrupted one sees.

A batch's sequences stand end to end in rows of one width, several in a row, the longest first
into the first row that has room. One width serves a whole training: its batches then have a few
shapes only, and what is made anew for a shape (a CPU's bfloat16 kernel, a CUDA graph) is made a
few times. Legend: B sequences of together T tokens, in R rows of W slots.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tickets.encoded import Encoded
from tickets.seeds import derive

Ints = NDArray[np.int64]

SAMPLE = 16  # batches that the width is chosen by
ATTENTION = 4  # a slot's attention costs as much as all else of it at this many times H slots


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
    """Some sequences in rows.

    examples [B]: which. starts [B + 1]: where each begins when they stand end to end, in the order
    of `examples`. source [T]: where their tokens stand in the encoded data. slots [T]: where they
    stand in the flattened rows. firsts [B]: the slots of the sequences' first tokens.
    """

    examples: Ints
    starts: Ints
    source: Ints
    slots: Ints
    firsts: Ints
    rows: int
    width: int

    @property
    def lengths(self) -> Ints:
        """Tokens of each sequence [B]."""
        return np.diff(self.starts)

    @property
    def positions(self) -> Ints:
        """Each token's place in its sequence [T]."""
        return self.slots - np.repeat(self.firsts, self.lengths)

    @property
    def owner(self) -> Ints:
        """Which of the B sequences each token belongs to [T]."""
        return np.repeat(np.arange(self.lengths.size), self.lengths)

    def laid_out(self, values: NDArray[np.generic], empty: int = 0) -> NDArray[np.generic]:
        """One value a token [T] in the rows [R * W], with `empty` in slots without a token."""
        laid = np.full(self.rows * self.width, empty, dtype=values.dtype)
        laid[self.slots] = values
        return laid


def best_width(
    encoded: Encoded, batch_size: int, seed: int, hidden_size: int, multiple: int | None = None
) -> int:
    """The width at which a training's batches cost least, from its longest sequence to twice that.

    Wider rows are filled better, and cost more attention. With `multiple` the width is one of it.
    """
    lengths = np.diff(encoded.offsets)
    longest = int(lengths.max())
    steps = range(min(SAMPLE, steps_per_epoch(len(lengths), batch_size)))
    batches = [lengths[chosen(len(lengths), batch_size, seed, step)] for step in steps]

    def cost(width: int) -> int:
        rows = sum(_layout(batch, width)[2] for batch in batches)
        return rows * width * (ATTENTION * hidden_size + width)

    step = multiple or max(1, longest // 16)
    narrowest = -(-longest // multiple) * multiple if multiple else longest
    return min(range(narrowest, max(narrowest, 2 * longest) + 1, step), key=cost)


def pack(encoded: Encoded, examples: Ints, width: int | None = None) -> Packed:
    """The sequences `examples` in rows of `width`; without it one a row, as wide as the longest.

    Raises:
        ValueError: one is longer than `width`.
    """
    begins, ends = encoded.offsets[examples], encoded.offsets[examples + 1]
    lengths = ends - begins
    starts = np.concatenate([[0], np.cumsum(lengths)])
    if width is None:
        width, rows = int(lengths.max()), lengths.size
        row, column = np.arange(rows), np.zeros(rows, dtype=np.int64)
    else:
        row, column, rows = _layout(lengths, width)
    firsts = row * width + column
    within = np.arange(starts[-1]) - np.repeat(starts[:-1], lengths)
    return Packed(
        examples=examples,
        starts=starts,
        source=within + np.repeat(begins, lengths),
        slots=within + np.repeat(firsts, lengths),
        firsts=firsts,
        rows=rows,
        width=width,
    )


def few(count: int) -> int:
    """The smallest number from `count` on that has at most three binary digits before its zeros:
    so that numbers differ less often, at a quarter more at most.
    """
    step = 1 << max(0, count.bit_length() - 3)
    return -(-count // step) * step


def _layout(lengths: Ints, width: int) -> tuple[Ints, Ints, int]:
    """First fit decreasing: the row and column of each sequence, and how many rows there are."""
    if lengths.max() > width:
        raise ValueError(f"a sequence of {lengths.max()} does not fit into rows of {width}")
    used: list[int] = []
    row, column = np.zeros((2, lengths.size), dtype=np.int64)
    for sequence in np.argsort(-lengths, kind="stable").tolist():
        length = int(lengths[sequence])
        place = next((at for at, end in enumerate(used) if end + length <= width), len(used))
        if place == len(used):
            used.append(0)
        row[sequence], column[sequence] = place, used[place]
        used[place] += length
    return row, column, len(used)
