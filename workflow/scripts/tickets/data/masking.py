"""Masked language modelling: which tokens are hidden, and what replaces them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

IGNORED = -100  # the label where nothing is to be predicted


def hide(
    tokens: NDArray[np.integer],
    offsets: NDArray[np.int64],
    maskable: NDArray[np.bool_],
    *,
    probability: float,
    mask_id: int,
    vocabulary: int,
    seed: int,
) -> tuple[NDArray[np.integer], NDArray[np.integer]]:
    """Hide each maskable token with `probability`: 80 % of these become the mask token, 10 % a
    token drawn from the whole vocabulary, 10 % stay (Devlin et al. 2019, section 3.1).

    tokens, maskable: [T]; sequence i is `tokens[offsets[i]:offsets[i + 1]]`. If chance hides no
    token of a sequence, one is hidden, so that every sequence counts.

    Returns the tokens that the network sees, and the hidden ones, -100 where none is; both [T].
    """
    generator = np.random.default_rng(seed)
    chance = np.where(maskable, generator.random(tokens.size), np.inf)
    lowest = np.repeat(np.minimum.reduceat(chance, offsets[:-1]), np.diff(offsets))
    hidden = maskable & ((chance < probability) | (chance == lowest))
    kind = generator.random(tokens.size)
    random_tokens = generator.integers(vocabulary, size=tokens.size)
    seen = np.where(kind < 0.8, mask_id, np.where(kind < 0.9, random_tokens, tokens))
    return (
        np.where(hidden, seen, tokens).astype(tokens.dtype),
        np.where(hidden, tokens, IGNORED).astype(tokens.dtype),
    )
