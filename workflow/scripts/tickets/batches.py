"""Batches: which examples, in which order, laid out in rows; functions of seed and step.

Nothing here has a state: a training that starts at step i sees what an uninterrupted one sees.

A batch's sequences stand end to end in rows of one width, several in a row, the longest first
into the first row that has room. Legend: B sequences of together T tokens, in R rows of W slots.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tickets.encoded import Encoded
from tickets.seeds import derive

Ints = NDArray[np.int64]

ATTENTION = 1000  # at this width a slot's attention costs about as much as all else of it


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


def pack(encoded: Encoded, examples: Ints, *, shared: bool = True) -> Packed:
    """The sequences `examples`, in rows of the width that needs the least work.

    Not `shared`: one sequence a row, as wide as the longest.
    """
    begins, ends = encoded.offsets[examples], encoded.offsets[examples + 1]
    lengths = ends - begins
    starts = np.concatenate([[0], np.cumsum(lengths)])
    if shared:
        row, column, rows, width = _least(lengths)
    else:
        row, column = np.arange(lengths.size), np.zeros(lengths.size, dtype=np.int64)
        rows, width = lengths.size, int(lengths.max())
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


def _least(lengths: Ints) -> tuple[Ints, Ints, int, int]:
    """Rows and columns of the layout with the fewest slots, wider rows costing more attention."""
    longest = int(lengths.max())
    order = np.argsort(-lengths, kind="stable").tolist()
    widths = sorted({longest + longest * eighths // 8 for eighths in range(5)})
    layouts = [(*_layout(lengths.tolist(), order, width), width) for width in widths]
    return min(layouts, key=lambda found: found[2] * found[3] * (ATTENTION + found[3]))


def _layout(lengths: list[int], order: list[int], width: int) -> tuple[Ints, Ints, int]:
    """First fit decreasing: the row and column of each sequence, and how many rows there are."""
    used: list[int] = []
    row, column = np.zeros((2, len(lengths)), dtype=np.int64)
    for sequence in order:
        length = lengths[sequence]
        place = next((at for at, end in enumerate(used) if end + length <= width), len(used))
        if place == len(used):
            used.append(0)
        row[sequence], column[sequence] = place, used[place]
        used[place] += length
    return row, column, len(used)
