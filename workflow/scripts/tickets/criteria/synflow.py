"""SynFlow: synaptic flow of theta_0, without data (Tanaka et al., NeurIPS 2020, arXiv 2006.05467).

R is the sum of the network's outputs on an input of ones, with the absolute values of its weights.
A weight's score is its share of that flow, |w| dR/d|w|. The lowest are pruned in many rounds, and R
is computed anew after each.

An encoder is not a chain of products. It is treated as one here, in closed form, which needs no
data, torch or seed: LayerNorm, activations and softmax are the identity, biases and embeddings are
left out, residual connections add, and query, key and value are parallel. With softmax, an input of
ones would make all tokens equal; queries and keys would have no effect and be pruned first. Here
each path through an attention layer passes through one of the three matrices, and the flow into a
layer equals the flow out of it, as the paper's conservation laws demand.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tickets.criterion import Array, Criterion, Inputs, Scores
from tickets.masks import Mask
from tickets.prunable import place
from tickets.score_rounds import score_in_rounds

BLOCKS = {("query", "key", "value"): "attention_output", ("intermediate",): "output"}
"""A layer's blocks: parallel matrices, and the one after them; a residual connection adds x."""

Vector = NDArray[np.float64]


def scores(inputs: Inputs) -> Scores:
    """The synaptic flow of the last round (the paper's Algorithm 1)."""
    weights = inputs.prunable_weights
    return score_in_rounds(inputs, lambda mask: synaptic_flow(weights, mask))


def synaptic_flow(weights: Scores, mask: Mask) -> Scores:
    """|w| dR/d|w| of each prunable weight that `mask` keeps, divided by the largest."""
    sizes = {name: np.abs(weight) * mask.kept[name] for name, weight in weights.items()}
    layers: dict[str, dict[str, str]] = {}
    for name in sizes:
        layer, kind = place(name)
        layers.setdefault(layer, {})[kind] = name
    pooler = layers.pop("pooler", {}).get("pooler")
    blocks = [
        ([layer[kind] for kind in before], layer[after])
        for layer in layers.values()
        for before, after in BLOCKS.items()
    ]

    x = np.ones(sizes[blocks[0][0][0]].shape[1])
    seen: list[tuple[Vector, Vector]] = []
    for before, after in blocks:
        inner = np.sum([_times(sizes[name], x) for name in before], axis=0)
        seen.append((x, inner))
        x = x + _times(sizes[after], inner)

    flow: dict[str, NDArray[np.float64]] = {}
    slope = np.ones(x.size)
    if pooler is not None:
        ones = np.ones(sizes[pooler].shape[0])
        flow[pooler] = sizes[pooler] * np.outer(ones, x)
        slope = _transposed_times(sizes[pooler], ones)
    for (before, after), (x, inner) in zip(reversed(blocks), reversed(seen), strict=True):
        flow[after] = sizes[after] * np.outer(slope, inner)
        inner_slope = _transposed_times(sizes[after], slope)
        for name in before:
            flow[name] = sizes[name] * np.outer(inner_slope, x)
            slope = slope + _transposed_times(sizes[name], inner_slope)
    largest = max(float(each.max()) for each in flow.values())
    return {name: (flow[name] / largest).astype(np.float32) for name in sizes}


# Not `@`: BLAS sums in an order that depends on the machine; an audit compares masks bit by bit.
def _times(matrix: Array, x: Vector) -> Vector:
    return (matrix * x).sum(axis=1)


def _transposed_times(matrix: Array, x: Vector) -> Vector:
    return (matrix * x[:, None]).sum(axis=0)


CRITERION = Criterion(label="SynFlow", scores=scores, parameters={"rounds": 100}, scope="global")
