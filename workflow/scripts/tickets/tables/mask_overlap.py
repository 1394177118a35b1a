"""Overlap: how many weights two masks keep in common, and how many they would by chance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tickets.design import experiments
from tickets.design.table_spec import TableSpec
from tickets.errors import BadInput
from tickets.masks import PackedMask
from tickets.names import MaskName
from tickets.prunable import KINDS, PrunableSet, place
from tickets.tables.cells import frame, rounded

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "comparison",
    "finder_a",
    "source_a",
    "finder_b",
    "source_b",
    "scope",
    "layer",
    "matrix",
    "n",
    "sparsity_a",
    "sparsity_b",
    "jaccard",
    "std",
    "chance",
    "beyond_chance",
)

Numbers = NDArray[np.int64] | NDArray[np.float64]
Pair = tuple[PackedMask, PackedMask]


class Source(NamedTuple):
    """Where masks are from; `task` is None for those that belong to none."""

    finder: str
    task: str | None

    def __str__(self) -> str:
        return self.finder if self.task is None else f"{self.finder} {self.task}"


class Scope(NamedTuple):
    """Which matrices of a mask are compared: all, those of a layer, or those of a kind."""

    name: str
    layer: str | None
    matrix: str | None


def overlap_table(masks: Iterable[tuple[MaskName, PackedMask]]) -> pd.DataFrame:
    """The overlap of every two sources, and of every source with itself, by scope.

    Two sources (`tasks`) are compared seed by seed, a mask that has no seed with each of the
    other's; a source with itself (`seeds`) by all pairs of its seeds. A row is the mean over these
    `n` pairs and the sample standard deviation. Sparsities are fractions, within the scope.
    `jaccard` is that of the kept weights, |A and B| / |A or B|; `chance` the same of independent
    masks that keep as many weights in the scope (`chance`); `beyond_chance` is
    (jaccard - chance) / (1 - chance): 1 for equal masks, 0 for independent ones, below 0 for masks
    that avoid each other.

    Raises:
        BadInput: two masks of one source and seed, sources with different seeds, masks for
            different models, or a single mask.
    """
    sources = _by_source(masks)
    comparisons = [
        ("tasks", a, b, _paired(a, sources[a], b, sources[b])) for a, b in combinations(sources, 2)
    ] + [("seeds", a, a, list(combinations(found.values(), 2))) for a, found in sources.items()]
    rows = [
        (comparison, *a, *b, *row)
        for comparison, a, b, pairs in comparisons
        if pairs
        for row in _rows(pairs)
    ]
    if not rows:
        raise BadInput("masks: nothing to compare; name masks of two sources or of two seeds")
    return frame(rows, COLUMNS)


def jaccard(both: Numbers, one: Numbers, other: Numbers) -> NDArray[np.float64]:
    """|A and B| / |A or B| of sets of `one` and `other` members, `both` in common; 1 if empty."""
    either = one + other - both
    return np.divide(both, either, out=np.ones(either.shape), where=either > 0)


def chance(
    one: NDArray[np.int64], other: NDArray[np.int64], size: NDArray[np.int64]
) -> NDArray[np.float64]:
    """The Jaccard index of two independent masks that keep `one` and `other` of `size` weights.

    They are expected to have one * other / size in common (the mean of a hypergeometric
    distribution), and this is the index at that count. The index's own expectation is higher, as
    it is convex in the count, but by less than 1 / (2 size).
    """
    return jaccard(one * (other / size), one, other)


def _by_source(
    masks: Iterable[tuple[MaskName, PackedMask]],
) -> dict[Source, dict[int | None, PackedMask]]:
    """Each source's masks by seed, in ascending order; sources in the order of their first mask."""
    found: dict[Source, dict[int | None, PackedMask]] = {}
    for identity, packed in masks:
        source = Source(identity.finder, identity.source_task)
        of_source = found.setdefault(source, {})
        if identity.seed in of_source:
            raise BadInput(
                f"masks: two of {source}, seed {identity.seed}; compare masks at one sparsity and "
                "rewinding point"
            )
        of_source[identity.seed] = packed
    return {
        source: dict(sorted(of_source.items(), key=lambda item: item[0] or 0))
        for source, of_source in found.items()
    }


def _paired(
    a: Source, one: dict[int | None, PackedMask], b: Source, other: dict[int | None, PackedMask]
) -> list[Pair]:
    """The pairs of two sources' masks that are compared."""
    if None in one or None in other:
        return [(mine, yours) for mine in one.values() for yours in other.values()]
    if list(one) != list(other):
        raise BadInput(
            f"masks: {a} has seeds {list(one)}, {b} has {list(other)}; find the masks that are "
            "missing"
        )
    return list(zip(one.values(), other.values(), strict=True))


def _rows(pairs: Sequence[Pair]) -> list[tuple[object, ...]]:
    """One row a scope: what comes after the names of the two sources."""
    import pandas as pd

    prunable = pairs[0][0].prunable
    scopes, members = _scopes(prunable)
    size = members @ np.array([np.prod(shape) for shape in prunable.shapes.values()], np.int64)
    one = np.array([members @ mine.kept for mine, _ in pairs])
    other = np.array([members @ yours.kept for _, yours in pairs])
    both = np.array([members @ mine.kept_with(yours) for mine, yours in pairs])

    found = pd.DataFrame(jaccard(both, one, other))
    means, stds = found.mean(), found.std(ddof=1)
    expected = chance(one, other, size).mean(axis=0)
    sparse = [1 - kept.mean(axis=0) / size for kept in (one, other)]
    return [
        (
            *scope,
            len(pairs),
            rounded(float(sparse[0][i])),
            rounded(float(sparse[1][i])),
            rounded(float(means[i])),
            rounded(float(stds[i])),
            rounded(float(expected[i])),
            _beyond(rounded(float(means[i])), rounded(float(expected[i]))),
        )
        for i, scope in enumerate(scopes)
    ]


def _beyond(found: float, expected: float) -> float:
    """How far from chance to equality; NaN where masks of these sparsities cannot but be equal."""
    return rounded((found - expected) / (1 - expected)) if expected < 1 else float("nan")


def _scopes(prunable: PrunableSet) -> tuple[list[Scope], NDArray[np.int64]]:
    """The scopes, and which matrices are in each: 1 or 0, shape (scopes, matrices)."""
    places = [place(name) for name in prunable.shapes]
    layers = dict.fromkeys(layer for layer, _ in places)
    kinds = [kind for kind in KINDS if kind in {kind for _, kind in places}]
    scopes = [
        Scope("all", None, None),
        *(Scope("layer", layer, None) for layer in layers),
        *(Scope("matrix", None, kind) for kind in kinds),
    ]
    members = [
        [scope.layer in (None, layer) and scope.matrix in (None, kind) for layer, kind in places]
        for scope in scopes
    ]
    return scopes, np.array(members, np.int64)


def _draw(table: pd.DataFrame) -> dict[str, bytes]:
    from tickets.figures import charts, heat_maps

    return charts.pictures(heat_maps.mask_overlap(table))


TABLE = TableSpec(
    name="mask_overlap",
    position=90,
    masks=experiments.compared_masks,
    parameters={},
    make=lambda inputs: overlap_table(inputs.masks()),
    draw=_draw,
)
