"""Overlap: the weights that two masks both keep, compared with chance."""

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

    from tickets.figures.charts import Chart, Theme

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
    """The finder and source task of masks; `task` is None if they have none."""

    finder: str
    task: str | None

    def __str__(self) -> str:
        return self.finder if self.task is None else f"{self.finder} {self.task}"


class Scope(NamedTuple):
    """The matrices that are compared: all, those of a layer, or those of a kind."""

    name: str
    layer: str | None
    matrix: str | None


def overlap_table(masks: Iterable[tuple[MaskName, PackedMask]]) -> pd.DataFrame:
    """The overlap of every two sources, and of every source with itself, by scope.

    Two sources (`tasks`) are compared seed by seed, or a mask without a seed with each of the
    other's masks; a source is compared with itself (`seeds`) by all pairs of its seeds. A row has
    the mean over these `n` pairs and the sample standard deviation. Sparsities are fractions of the
    scope. `jaccard` is |A and B| / |A or B| for the kept weights A and B; `chance` is its value for
    independent masks with the same numbers of kept weights; `beyond_chance` is
    (jaccard - chance) / (1 - chance): 1 for equal masks, 0 for independent ones, below 0 for masks
    that avoid each other.

    Raises:
        BadInput: two masks have the same source and seed, sources have different seeds, masks are
            for different models, or there is only one mask.
    """
    sources = _by_source(masks)
    comparisons = [
        ("tasks", a, b, _paired(a, sources[a], b, sources[b])) for a, b in combinations(sources, 2)
    ] + [("seeds", a, a, list(combinations(of_a.values(), 2))) for a, of_a in sources.items()]
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
    """|A and B| / |A or B| for sets of `one` and `other` members that share `both`; 1 if empty."""
    either = one + other - both
    return np.divide(both, either, out=np.ones(either.shape), where=either > 0)


def chance(
    one: NDArray[np.int64], other: NDArray[np.int64], size: NDArray[np.int64]
) -> NDArray[np.float64]:
    """The Jaccard index of two independent masks that keep `one` and `other` of `size` weights.

    It is the index at the expected number of common weights, one * other / size (the mean of a
    hypergeometric distribution). The expectation of the index itself is higher, as the index is
    convex in that number, but by less than 1 / (2 size).
    """
    return jaccard(one * (other / size), one, other)


def _by_source(
    masks: Iterable[tuple[MaskName, PackedMask]],
) -> dict[Source, dict[int | None, PackedMask]]:
    """Each source's masks by ascending seed; sources are in the order of their first mask."""
    sources: dict[Source, dict[int | None, PackedMask]] = {}
    for identity, packed in masks:
        source = Source(identity.finder, identity.source_task)
        of_source = sources.setdefault(source, {})
        if identity.seed in of_source:
            raise BadInput(
                f"masks: two of {source}, seed {identity.seed}; compare masks at one sparsity and "
                "rewinding point"
            )
        of_source[identity.seed] = packed
    return {
        source: dict(sorted(of_source.items(), key=lambda item: item[0] or 0))
        for source, of_source in sources.items()
    }


def _paired(
    a: Source, one: dict[int | None, PackedMask], b: Source, other: dict[int | None, PackedMask]
) -> list[Pair]:
    """The pairs of masks to compare for two sources."""
    if None in one or None in other:
        return [(mine, yours) for mine in one.values() for yours in other.values()]
    if list(one) != list(other):
        raise BadInput(
            f"masks: {a} has seeds {list(one)}, {b} has {list(other)}; find the masks that are "
            "missing"
        )
    return list(zip(one.values(), other.values(), strict=True))


def _rows(pairs: Sequence[Pair]) -> list[tuple[object, ...]]:
    """One row per scope, without the names of the two sources."""
    import pandas as pd

    prunable = pairs[0][0].prunable
    scopes, members = _scopes(prunable)
    size = members @ np.array([np.prod(shape) for shape in prunable.shapes.values()], np.int64)
    one = np.array([members @ mine.kept for mine, _ in pairs])
    other = np.array([members @ yours.kept for _, yours in pairs])
    both = np.array([members @ mine.kept_with(yours) for mine, yours in pairs])

    overlaps = pd.DataFrame(jaccard(both, one, other))
    means, stds = overlaps.mean(), overlaps.std(ddof=1)
    expected = chance(one, other, size).mean(axis=0)
    sparsities = [1 - kept.mean(axis=0) / size for kept in (one, other)]
    return [
        (
            *scope,
            len(pairs),
            rounded(float(sparsities[0][i])),
            rounded(float(sparsities[1][i])),
            rounded(float(means[i])),
            rounded(float(stds[i])),
            rounded(float(expected[i])),
            _beyond_chance(rounded(float(means[i])), rounded(float(expected[i]))),
        )
        for i, scope in enumerate(scopes)
    ]


def _beyond_chance(index: float, expected: float) -> float:
    """The distance from chance, as a fraction of that to equality; NaN if chance gives equality."""
    return rounded((index - expected) / (1 - expected)) if expected < 1 else float("nan")


def _scopes(prunable: PrunableSet) -> tuple[list[Scope], NDArray[np.int64]]:
    """The scopes, and their members: 1 if a matrix is in a scope, else 0 [scopes, matrices]."""
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


def _chart(table: pd.DataFrame, *theme: Theme) -> Chart:
    from tickets.figures import heat_maps

    return heat_maps.mask_overlap(table, *theme)


TABLE = TableSpec(
    name="mask_overlap",
    position=90,
    masks=experiments.compared_masks,
    parameters={},
    make=lambda inputs: overlap_table(inputs.masks()),
    chart=_chart,
)
