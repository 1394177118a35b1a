"""A random mask that prunes as much of each matrix as a given one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tickets.masks import Mask
from tickets.seeds import derive


def draw_like(mask: Mask, seed: int) -> Mask:
    """A random mask that prunes as many weights of each matrix as `mask` does.

    It separates the effect of which weights stay from that of how many stay in each matrix.
    """
    kept: dict[str, NDArray[np.bool_]] = {}
    for name, bits in mask.kept.items():
        generator = np.random.default_rng(derive(seed, f"layerwise random mask: {name}"))
        flat = generator.permutation(bits.size) < np.count_nonzero(bits)
        kept[name] = flat.reshape(bits.shape)
    return Mask(prunable=mask.prunable, kept=kept)
