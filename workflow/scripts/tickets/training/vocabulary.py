"""A training's vocabulary: only the embeddings of word pieces that occur take part in it.

This is exact without weight decay: the embedding of a word piece that never occurs has a zero
gradient, so it adds nothing to the norm and never moves.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tickets.encoded import Encoded

Table = NDArray[np.float32]


class Vocabulary:
    """The word pieces that occur in `encoded`, of `size`, renumbered without gaps."""

    def __init__(self, encoded: Encoded, size: int) -> None:
        self._used = np.unique(encoded.tokens)
        self._number = np.full(size, -1, dtype=np.int64)
        self._number[self._used] = np.arange(self._used.size)

    def numbers(self, tokens: NDArray[np.integer]) -> NDArray[np.int64]:
        """The new numbers of word pieces."""
        return self._number[tokens]

    def part(self, table: Table) -> Table:
        """The rows of `table` [V, E] whose word pieces occur."""
        return table[self._used]

    def whole(self, table: Table, part: Table) -> Table:
        """`table` [V, E] with its rows that occur replaced by those of `part`."""
        full = table.copy()
        full[self._used] = part
        return full
