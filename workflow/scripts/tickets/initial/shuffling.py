"""Shuffled pre-trained weights (theta_0'', section 3): only their distribution remains.

The prunable matrices alone are shuffled: embeddings, biases, norms and heads stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tickets.prunable import is_prunable
from tickets.seeds import derive

Tensors = Mapping[str, NDArray[Any]]
_LAYER = re.compile(r"(.*\.layer\.)(\d+)(\..*)")


def shuffle_within(theta: Tensors, seed: int) -> dict[str, NDArray[Any]]:
    """Shuffle the entries within each prunable matrix, as the paper says."""
    return {
        name: np.random.default_rng(derive(seed, f"shuffle: {name}"))
        .permutation(tensor.ravel())
        .reshape(tensor.shape)
        if is_prunable(name)
        else tensor
        for name, tensor in theta.items()
    }


def shuffle_layers(theta: Tensors, seed: int) -> dict[str, NDArray[Any]]:
    """Exchange the layers' prunable matrices, all of a layer together, as in the published code.

    With two or more layers, at least one moves; the pooler's matrix stays.
    """
    layers = sorted({int(match[2]) for name in theta if (match := _LAYER.fullmatch(name))})
    generator = np.random.default_rng(derive(seed, "shuffle: layers"))
    order = layers
    while order == layers and len(layers) > 1:
        order = generator.permutation(layers).tolist()
    sources = dict(zip(layers, order, strict=True))

    def source(name: str) -> str:
        match = _LAYER.fullmatch(name) if is_prunable(name) else None
        return f"{match[1]}{sources[int(match[2])]}{match[3]}" if match else name

    return {name: theta[source(name)] for name in theta}


SHUFFLES = {"within": shuffle_within, "across_layers": shuffle_layers}
