"""Batches: which examples, in which order, in which layout, as functions of seed and step.

Nothing here has state: a training that resumes at step i gets the batches of an uninterrupted one.

A batch's sequences are packed end to end into rows of one width: the longest first, each into the
first row with room. A whole training uses one width. Its batches then have few shapes, so that what
is built per shape (a CPU's bfloat16 kernel, a CUDA graph) is built a few times only.
Legend: B sequences with T tokens in total, in R rows of W slots.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tickets.encoded import Encoded
from tickets.seeds import derive

Ints = NDArray[np.int64]

SAMPLE = 16  # batches from which the width is chosen
ATTENTION = 4  # in rows of this many times H slots, attention costs as much as all other layers


def steps_per_epoch(examples: int, batch_size: int) -> int:
    """Steps in which every example is seen once; the last batch may be smaller."""
    return -(-examples // batch_size)


def choose_examples(examples: int, batch_size: int, seed: int, step: int) -> Ints:
    """The examples of a step (counted from 0): each once per epoch, each epoch in its own order."""
    epoch, place = divmod(step, steps_per_epoch(examples, batch_size))
    return _order(examples, seed, epoch)[place * batch_size : (place + 1) * batch_size]


@lru_cache(maxsize=2)
def _order(examples: int, seed: int, epoch: int) -> Ints:
    return np.random.default_rng(derive(seed, f"order of epoch {epoch}")).permutation(examples)


@dataclass(frozen=True, kw_only=True)
class PackedBatch:
    """Sequences packed into rows.

    examples [B]: their indices in the encoded data. starts [B + 1]: where each sequence begins when
    they are joined in the order of `examples`. source [T]: each token's index in the encoded data.
    slots [T]: each token's index in the flattened rows. firsts [B]: each first token's slot.
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
        """Each token's position in its sequence [T]."""
        return self.slots - np.repeat(self.firsts, self.lengths)

    @property
    def owner(self) -> Ints:
        """The index, below B, of each token's sequence [T]."""
        return np.repeat(np.arange(self.lengths.size), self.lengths)

    def lay_out(self, values: NDArray[np.generic], empty: int = 0) -> NDArray[np.generic]:
        """Put one value per token [T] into the rows [R * W], and `empty` into slots without one."""
        rows = np.full(self.rows * self.width, empty, dtype=values.dtype)
        rows[self.slots] = values
        return rows


def best_width(
    encoded: Encoded, batch_size: int, seed: int, hidden_size: int, multiple: int | None = None
) -> int:
    """The cheapest width for a training's batches, between its longest sequence and twice that.

    Wider rows are filled better but cost more attention. The result is a multiple of `multiple`.
    """
    lengths = np.diff(encoded.offsets)
    longest = int(lengths.max())
    steps = range(min(SAMPLE, steps_per_epoch(len(lengths), batch_size)))
    batches = [lengths[choose_examples(len(lengths), batch_size, seed, step)] for step in steps]

    def cost(width: int) -> int:
        rows = sum(_layout(batch, width)[2] for batch in batches)
        return rows * width * (ATTENTION * hidden_size + width)

    step = multiple or max(1, longest // 16)
    narrowest = -(-longest // multiple) * multiple if multiple else longest
    return min(range(narrowest, max(narrowest, 2 * longest) + 1, step), key=cost)


def pack(encoded: Encoded, examples: Ints, width: int | None = None) -> PackedBatch:
    """Pack the sequences `examples` into rows of `width`; None: one a row, as wide as the longest.

    Raises:
        ValueError: a sequence is longer than `width`.
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
    return PackedBatch(
        examples=examples,
        starts=starts,
        source=within + np.repeat(begins, lengths),
        slots=within + np.repeat(firsts, lengths),
        firsts=firsts,
        rows=rows,
        width=width,
    )


def round_up(count: int) -> int:
    """The smallest number, at least `count`, with at most three binary digits before its zeros.

    Fewer different numbers are then in use, each less than a quarter larger than `count`.
    """
    step = 1 << max(0, count.bit_length() - 3)
    return -(-count // step) * step


def _layout(lengths: Ints, width: int) -> tuple[Ints, Ints, int]:
    """First fit decreasing: each sequence's row [B] and column [B], and the number of rows."""
    if lengths.max() > width:
        raise ValueError(f"a sequence of {lengths.max()} does not fit into rows of {width}")
    ends: list[int] = []
    row, column = np.zeros((2, lengths.size), dtype=np.int64)
    for sequence in np.argsort(-lengths, kind="stable").tolist():
        length = int(lengths[sequence])
        place = next((i for i, end in enumerate(ends) if end + length <= width), len(ends))
        if place == len(ends):
            ends.append(0)
        row[sequence], column[sequence] = place, ends[place]
        ends[place] += length
    return row, column, len(ends)
