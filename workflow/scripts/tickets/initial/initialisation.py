"""Random weights, drawn by numpy from a seed per tensor, so that all devices have the same.

As in BERT, matrices and embeddings are normal with standard deviation `initializer_range`;
LayerNorm's weights are one, biases zero.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from tickets.seeds import derive

Tensors = dict[str, NDArray[np.float32]]


def draw(shapes: Mapping[str, tuple[int, ...]], seed: int, purpose: str, scale: float) -> Tensors:
    """A tensor per name in `shapes`, independent of the other names; `scale`: their deviation."""
    return {
        name: _tensor(name, shape, derive(seed, f"{purpose}: {name}"), scale)
        for name, shape in shapes.items()
    }


def head_shapes(
    kind: str, *, hidden: int, embedding: int, vocabulary: int, labels: int, pooler: bool
) -> dict[str, tuple[int, ...]]:
    """The shapes of the tensors in a task's head, by name.

    For a model without a pooler (RoBERTa, DistilBERT, ELECTRA) the head contains one: it is then
    part of gamma, drawn for every training, and never pruned.
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
