"""Made-up masks: a small model's prunable set, masks of chosen weights, and their files."""

from __future__ import annotations

import math
from collections.abc import Collection
from pathlib import Path

import numpy as np

from tickets import masks, provenance
from tickets.masks import Mask, PackedMask, pack
from tickets.names import MaskName
from tickets.prunable import PrunableSet

SHAPES = {
    "encoder.layer.0.attention.self.query.weight": (3, 5),
    "encoder.layer.0.output.dense.weight": (4, 3),
    "encoder.layer.1.attention.self.query.weight": (3, 5),
    "encoder.layer.1.output.dense.weight": (4, 3),
    "pooler.dense.weight": (2, 2),
}
WEIGHTS = [(name, i) for name, shape in SHAPES.items() for i in range(math.prod(shape))]

Weights = Collection[tuple[str, int]]
"""Weights by matrix and place in it, in C order."""


def mask(kept: Weights, shapes: dict[str, tuple[int, ...]] = SHAPES) -> Mask:
    """The mask that keeps these weights and no other."""
    bits = {
        name: np.array([(name, i) in kept for i in range(math.prod(shape))]).reshape(shape)
        for name, shape in shapes.items()
    }
    return Mask(prunable=PrunableSet(shapes=shapes), kept=bits)


def named(
    finder: str,
    task: str | None,
    seed: int | None,
    kept: Weights,
    shapes: dict[str, tuple[int, ...]] = SHAPES,
) -> tuple[MaskName, PackedMask]:
    """A mask with what its path would say it is."""
    identity = MaskName(
        finder=finder,
        task=task or "",
        rewind="0" if finder == "imp" else "",
        seed=seed,
        sparsity="70",
    )
    return identity, pack(mask(kept, shapes))


def save(path: Path, made: Mask) -> Path:
    """The mask's file with its statement."""
    masks.write(path, made)
    provenance.write(
        path,
        rule="made_up",
        parameters={},
        dependencies={},
        facts=masks.facts(made),
        started=provenance.now(),
    )
    return path
