"""Shuffled pre-trained weights (theta_0'', section 3): only their distribution remains."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tickets.architecture import PRETRAINED_HEAD
from tickets.seeds import derive

Tensors = Mapping[str, NDArray[Any]]
_LAYER = re.compile(r"(.*\.layer\.)(\d+)(\..*)")


def shuffle_within(theta: Tensors, seed: int) -> dict[str, NDArray[Any]]:
    """Shuffle the entries within each tensor, except in pre-training's MLM head."""
    return {
        name: tensor
        if name.startswith(PRETRAINED_HEAD)
        else np.random.default_rng(derive(seed, f"shuffle: {name}"))
        .permutation(tensor.ravel())
        .reshape(tensor.shape)
        for name, tensor in theta.items()
    }


def shuffle_layers(theta: Tensors, seed: int) -> dict[str, NDArray[Any]]:
    """Permute whole layers, as in the published code.

    With two or more layers, at least one moves.
    """
    layers = sorted({int(match[2]) for name in theta if (match := _LAYER.fullmatch(name))})
    generator = np.random.default_rng(derive(seed, "shuffle: layers"))
    order = layers
    while order == layers and len(layers) > 1:
        order = generator.permutation(layers).tolist()
    sources = dict(zip(layers, order, strict=True))

    def source(name: str) -> str:
        match = _LAYER.fullmatch(name)
        return f"{match[1]}{sources[int(match[2])]}{match[3]}" if match else name

    return {name: theta[source(name)] for name in theta}


SHUFFLES = {"within": shuffle_within, "across_layers": shuffle_layers}
