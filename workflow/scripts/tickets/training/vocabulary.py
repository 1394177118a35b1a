"""The word pieces that occur in a training: only their embeddings take part in it.

Exact at weight decay 0: the embedding of a word piece that never occurs has no gradient, so it adds
nothing to the norm and never moves.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tickets.encoded import Encoded

Table = NDArray[np.float32]


class Vocabulary:
    """Word pieces numbered without gaps."""

    def __init__(self, encoded: Encoded, size: int) -> None:
        self._used = np.unique(encoded.tokens)
        self._number = np.full(size, -1, dtype=np.int64)
        self._number[self._used] = np.arange(self._used.size)

    def numbers(self, tokens: NDArray[np.integer]) -> NDArray[np.int64]:
        """The numbers of word pieces."""
        return self._number[tokens]

    def part(self, table: Table) -> Table:
        """The rows of the word pieces that occur."""
        return table[self._used]

    def whole(self, table: Table, part: Table) -> Table:
        """`table` with the rows of `part` in their places."""
        full = table.copy()
        full[self._used] = part
        return full
