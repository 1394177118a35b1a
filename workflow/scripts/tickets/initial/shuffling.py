"""Pre-trained weights in other places (theta_0'', section 3): their distribution, and no more."""

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


def within(theta: Tensors, seed: int) -> dict[str, NDArray[Any]]:
    """Every tensor's entries change places within it; the MLM head of pre-training stays."""
    return {
        name: tensor
        if name.startswith(PRETRAINED_HEAD)
        else np.random.default_rng(derive(seed, f"shuffle: {name}"))
        .permutation(tensor.ravel())
        .reshape(tensor.shape)
        for name, tensor in theta.items()
    }


def across_layers(theta: Tensors, seed: int) -> dict[str, NDArray[Any]]:
    """Whole layers change places with each other, as in the published code.

    With two layers or more at least one of them moves.
    """
    layers = sorted({int(found[2]) for name in theta if (found := _LAYER.fullmatch(name))})
    generator = np.random.default_rng(derive(seed, "shuffle: layers"))
    places = layers
    while places == layers and len(layers) > 1:
        places = generator.permutation(layers).tolist()
    comes_from = dict(zip(layers, places, strict=True))

    def source(name: str) -> str:
        found = _LAYER.fullmatch(name)
        return f"{found[1]}{comes_from[int(found[2])]}{found[3]}" if found else name

    return {name: theta[source(name)] for name in theta}


SHUFFLES = {"within": within, "across_layers": across_layers}
