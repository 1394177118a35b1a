"""Weights drawn at random, from a seed by name, in numpy: the same on every device.

Matrices and embeddings are normal with the model's `initializer_range`, LayerNorm starts at one
and zero, biases at zero, as BERT does.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from tickets.seeds import derive

Tensors = dict[str, NDArray[np.float32]]


def draw(shapes: Mapping[str, tuple[int, ...]], seed: int, purpose: str, scale: float) -> Tensors:
    """One tensor for every name in `shapes`; each depends on its own name, not on the others."""
    return {
        name: _tensor(name, shape, derive(seed, f"{purpose}: {name}"), scale)
        for name, shape in shapes.items()
    }


def head_shapes(
    kind: str, *, hidden: int, embedding: int, vocabulary: int, labels: int, pooler: bool
) -> dict[str, tuple[int, ...]]:
    """The tensors of a task's head.

    A model without a pooler of its own gets one in the head (RoBERTa, DistilBERT, ELECTRA): it is
    then part of gamma, drawn anew for every training, and never pruned.
    """
    if kind == "mlm":
        return {
            "dense.weight": (embedding, hidden),
            "dense.bias": (embedding,),
            "norm.weight": (embedding,),
            "norm.bias": (embedding,),
            "bias": (vocabulary,),
        }
    outputs = {"classification": labels, "regression": 1, "span": 2}[kind]
    shapes: dict[str, tuple[int, ...]] = {
        "output.weight": (outputs, hidden),
        "output.bias": (outputs,),
    }
    if kind != "span" and not pooler:
        shapes |= {"pooler.weight": (hidden, hidden), "pooler.bias": (hidden,)}
    return shapes


def _tensor(name: str, shape: tuple[int, ...], seed: int, scale: float) -> NDArray[np.float32]:
    if name.endswith("bias"):
        return np.zeros(shape, dtype=np.float32)
    if "norm" in name.lower():
        return np.ones(shape, dtype=np.float32)
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32) * np.float32(scale)
