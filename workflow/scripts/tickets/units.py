"""Prune whole units: attention heads, and the units of MLPs (Prasanna et al., EMNLP 2020).

A head is its rows of a layer's query, key and value matrix and its columns of the attention output;
a unit of an MLP is its row of the intermediate and its column of the output matrix (arXiv
2005.00561, section 3). Biases stay, but reach nothing: the columns that would read them are pruned.

How many units go depends on shapes and sparsity alone, so heads are compared with heads, and MLP
units with MLP units. Heads lose the share that all units have to lose, to the nearest head; MLP
units make up the rest, to the nearest unit. The pooler stays whole.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tickets.criterion import Scope, Scores, Shapes, load_scope
from tickets.errors import BadInput
from tickets.masks import Mask
from tickets.prunable import place
from tickets.schedule import pruned_count

_HEAD = {"query": 0, "key": 0, "value": 0, "attention_output": 1}
_MLP_UNIT = {"intermediate": 0, "output": 1}
"""The matrices that a unit is in, and the axis along which units lie: 0 if they are rows."""


class Model(Protocol):
    """What is asked of a model."""

    @property
    def hidden_size(self) -> int:
        """Its width."""
        ...

    @property
    def heads(self) -> int:
        """How many heads of a layer share it."""
        ...


@dataclass(frozen=True, kw_only=True)
class ScopeOfUnits(Scope):
    """A scope that prunes whole heads of so many rows (`head`), and whole MLP units."""

    head: int


@dataclass(frozen=True, kw_only=True)
class _Units:
    """All units of a kind: `count` units in all layers, each of `weights` prunable weights.

    layers: the matrices of each layer, with the axis along which units lie. width: how many rows or
    columns of a matrix belong to a unit.
    """

    layers: Sequence[Mapping[str, int]]
    width: int
    count: int
    weights: int

    def sums(self, matrices: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
        """The sum over each unit's weights [count], layer by layer."""
        return np.array(
            [
                sum(self._by_unit(matrices[name], axis) for name, axis in layer.items())
                for layer in self.layers
            ],
            np.float64,
        ).ravel()

    def _by_unit(self, matrix: NDArray[Any], axis: int) -> NDArray[np.float64]:
        side = matrix.sum(axis=1 - axis, dtype=np.float64)
        return side.reshape(-1, self.width).sum(axis=1)


def prune_units(scores: Scores, parent: Mask, sparsity: Fraction, head: int) -> Mask:
    """Prune the units with the lowest sums of scores, of each kind.

    All units of a kind have as many weights, so that sums and means give the same order. Ties are
    pruned by position: layers in their order, units by number.

    Args:
        scores: an array for each prunable matrix, of its shape.
        parent: the mask so far; what it prunes stays pruned.
        sparsity: share of the whole prunable set, pooler included, that is pruned afterwards.
        head: how many rows of the query matrix belong to a head.

    Raises:
        BadInput: a score is NaN, heads of this size do not fit the matrices, `parent` prunes a part
            of a unit or more units than `sparsity` does, or `sparsity` needs the pooler's weights.
    """
    kept = dict(parent.kept)
    for units, count in _choose_counts(parent.prunable.shapes, sparsity, head):
        totals, left = units.sums(scores), units.sums(parent.kept)
        if np.isnan(totals).any():
            raise BadInput("pruning: a weight is NaN; the training before it has diverged")
        if ((left > 0) & (left < units.weights)).any():
            raise BadInput("pruning: the mask so far prunes a part of a unit; begin without it")
        gone = np.count_nonzero(left == 0)
        if gone > count:
            raise BadInput(
                f"pruning: {gone} units are pruned already, but sparsity {sparsity} means {count};"
                " write a higher one"
            )
        # What the parent prunes stays pruned, and so comes first.
        order = np.lexsort((totals, left > 0))
        stays = np.ones(units.count, bool)
        stays[order[:count]] = False
        for layer, bits in zip(units.layers, stays.reshape(len(units.layers), -1), strict=True):
            for name, axis in layer.items():
                side = np.repeat(bits, units.width)
                kept[name] = kept[name] & np.expand_dims(side, 1 - axis)
    return Mask(prunable=parent.prunable, kept=kept)


def scope_of_units(head: int) -> ScopeOfUnits:
    """The scope that prunes whole attention heads of `head` rows, and whole units of MLPs."""

    def prune(scores: Scores, parent: Mask, sparsity: Fraction) -> Mask:
        return prune_units(scores, parent, sparsity, head)

    def expected(shapes: Shapes, sparsity: Fraction) -> dict[str | None, int]:
        counts = _choose_counts(shapes, sparsity, head)
        return {None: sum(units.weights * count for units, count in counts)}

    return ScopeOfUnits(prune=prune, expected=expected, head=head)


def check_heads(scope: str, model: Model) -> None:
    """Check that a scope of whole heads is one for the heads of the model.

    Raises:
        BadInput: they have another size.
    """
    known, rows = load_scope(scope), model.hidden_size // model.heads
    if isinstance(known, ScopeOfUnits) and known.head != rows:
        raise BadInput(
            f"{scope}: it prunes heads of {known.head} rows, but the model's have {rows}; write"
            f" another scope, or add one with a head of {rows}"
        )


def _choose_counts(shapes: Shapes, sparsity: Fraction, head: int) -> list[tuple[_Units, int]]:
    """The heads and the MLP units of a model, and how many of them are pruned."""
    heads, mlp = _units(shapes, _HEAD, head), _units(shapes, _MLP_UNIT, 1)
    if not (heads.count and mlp.count):
        return []
    wanted = pruned_count(sparsity, sum(map(math.prod, shapes.values())))
    whole = heads.count * heads.weights + mlp.count * mlp.weights
    if wanted > whole:
        raise BadInput(
            f"pruning: a sparsity of {float(sparsity):g} is {wanted:,} weights, but heads and MLP"
            f" units have {whole:,}; write a lower one"
        )
    some = round(Fraction(wanted * heads.count, whole))
    rest = round(Fraction(wanted - some * heads.weights, mlp.weights))
    return [(heads, some), (mlp, min(max(rest, 0), mlp.count))]


def _units(shapes: Shapes, axes: Mapping[str, int], width: int) -> _Units:
    """The units of one kind; all layers of an encoder have as many."""
    layers: dict[str, dict[str, int]] = defaultdict(dict)
    count = weights = 0
    for name, shape in shapes.items():
        layer, kind = place(name)
        if kind in axes:
            layers[layer][name] = axes[kind]
            if shape[axes[kind]] % width:
                raise BadInput(
                    f"pruning: {name} has {shape[axes[kind]]} rows or columns, not heads of {width}"
                )
            count = len(layers) * (shape[axes[kind]] // width)
            weights += math.prod(shape)
    return _Units(
        layers=list(layers.values()),
        width=width,
        count=count,
        weights=weights // count if count else 0,
    )
