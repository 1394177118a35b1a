"""Whole heads and MLP units, against loops over slices, and by hand."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tickets import masks
from tickets.criterion import Inputs, Scores, load_criterion, load_scope
from tickets.design.config import load
from tickets.errors import BadInput
from tickets.masks import Mask
from tickets.prunable import PrunableSet, prunable_set
from tickets.schedule import pruned_count
from tickets.units import scope_of_units

ROOT = Path(__file__).parents[2]
HEAD = 2
Slices = list[tuple[str, tuple[slice, slice]]]
ALL = slice(None)


def model(layers: int, hidden: int, inner: int, *, pooler: bool = True) -> PrunableSet:
    """The prunable set of a BERT of this size."""
    shapes = {"pooler.dense.weight": (hidden, hidden)} if pooler else {}
    for layer in range(layers):
        at = f"encoder.layer.{layer}"
        for part in ("self.query", "self.key", "self.value", "output.dense"):
            shapes[f"{at}.attention.{part}.weight"] = (hidden, hidden)
        shapes[f"{at}.intermediate.dense.weight"] = (inner, hidden)
        shapes[f"{at}.output.dense.weight"] = (hidden, inner)
    return prunable_set(shapes)


def units(prunable: PrunableSet) -> tuple[list[Slices], list[Slices]]:
    """Every head and every MLP unit, as slices of matrices, by layer and number."""
    heads: list[Slices] = []
    mlp: list[Slices] = []
    for layer in range(sum("query" in name for name in prunable.shapes)):
        at = f"encoder.layer.{layer}"
        inner, hidden = prunable.shapes[f"{at}.intermediate.dense.weight"]
        for begin in range(0, hidden, HEAD):
            own = slice(begin, begin + HEAD)
            rows = [(f"{at}.attention.self.{k}.weight", (own, ALL)) for k in ("query", "key")]
            rows.append((f"{at}.attention.self.value.weight", (own, ALL)))
            heads.append([*rows, (f"{at}.attention.output.dense.weight", (ALL, own))])
        for i in range(inner):
            own = slice(i, i + 1)
            row = (f"{at}.intermediate.dense.weight", (own, ALL))
            mlp.append([row, (f"{at}.output.dense.weight", (ALL, own))])
    return heads, mlp


def lowest(scores: Scores, every: list[Slices], count: int) -> list[Slices]:
    """The `count` units with the lowest sums, the first ones of equal ones."""
    sums = [sum(float(scores[name][part].sum()) for name, part in unit) for unit in every]
    return [every[i] for i in sorted(range(len(every)), key=lambda i: (sums[i], i))[:count]]


def without(prunable: PrunableSet, pruned: list[Slices]) -> Mask:
    """The mask that prunes just these units."""
    kept = {name: np.ones(shape, bool) for name, shape in prunable.shapes.items()}
    for unit in pruned:
        for name, part in unit:
            kept[name][part] = False
    return Mask(prunable=prunable, kept=kept)


def drawn(prunable: PrunableSet, seed: int, different: int) -> Scores:
    """Whole numbers, so that sums are exact in any order; few different ones give many ties."""
    generator = np.random.default_rng(seed)
    return {
        name: generator.integers(-different, different + 1, shape).astype(np.float32)
        for name, shape in prunable.shapes.items()
    }


def test_by_hand() -> None:
    """Half of the weights of two layers: 2 of 4 heads, and 9 of 16 MLP units."""
    prunable = model(2, hidden=4, inner=8)
    assert prunable.size == 2 * (4 * 16 + 2 * 32) + 16 == 272
    scores = {name: np.zeros(shape, np.float32) for name, shape in prunable.shapes.items()}
    heads, mlp = units(prunable)
    for value, unit in enumerate(reversed(heads)):  # the last head is the lowest
        scores[unit[-1][0]][unit[-1][1]] = value
    for unit in mlp[:7]:
        scores[unit[0][0]][unit[0][1]] = 1

    mask = scope_of_units(HEAD).prune(scores, masks.dense(prunable), Fraction(1, 2))

    # 136 weights: 136 / 256 of 4 heads are 2 of 32 weights each; 72 are left for units of 8.
    assert mask == without(prunable, heads[2:] + mlp[7:])
    assert mask.pruned == 2 * 32 + 9 * 8 == 136


@settings(max_examples=80)
@given(
    st.integers(1, 3),
    st.integers(1, 4),
    st.integers(0, 6),
    st.booleans(),
    st.fractions(0, 1, max_denominator=97),
    st.integers(0, 2**32 - 1),
    st.sampled_from([0, 1, 1000]),
)
def test_the_lowest_units_go_and_the_count_is_as_near_as_they_allow(
    layers: int, heads: int, more: int, pooler: bool, sparsity: Fraction, seed: int, different: int
) -> None:
    """Exactly as many weights as expected, at most half an MLP unit from the sparsity; all other
    choices, and the order of ties, are those of a plain loop; and its own bits give a mask again.
    """
    hidden = HEAD * heads
    prunable = model(layers, hidden, 2 * hidden + more, pooler=pooler)
    scores, scope = drawn(prunable, seed, different), scope_of_units(HEAD)
    every = units(prunable)
    size = prunable.size - pooler * hidden**2
    wanted = pruned_count(sparsity, prunable.size)
    dense = masks.dense(prunable)
    if wanted > size:
        with pytest.raises(BadInput, match="write a lower one"):
            scope.prune(scores, dense, sparsity)
        return

    mask = scope.prune(scores, dense, sparsity)

    counts = [sum(not any(mask.kept[n][p].any() for n, p in u) for u in kind) for kind in every]
    assert counts[0] == round(Fraction(wanted * len(every[0]), size))
    chosen = [lowest(scores, kind, count) for kind, count in zip(every, counts, strict=True)]
    assert mask == without(prunable, chosen[0] + chosen[1])
    assert scope.expected(prunable.shapes, sparsity) == {None: mask.pruned}
    assert abs(mask.pruned - wanted) <= hidden  # an MLP unit has 2 * hidden weights
    bits = {name: kept.astype(np.float32) for name, kept in mask.kept.items()}
    assert scope.prune(bits, dense, sparsity) == mask


@settings(max_examples=40)
@given(
    st.fractions(0, 1, max_denominator=40),
    st.fractions(0, 1, max_denominator=40),
    st.integers(0, 2**32 - 1),
)
def test_rounds_nest(first: Fraction, second: Fraction, seed: int) -> None:
    """What is gone stays away, however high its later score; the count is that of one round."""
    first, second = sorted((first, second))
    prunable = model(2, hidden=6, inner=24, pooler=False)
    scope, dense = scope_of_units(HEAD), masks.dense(prunable)
    parent = scope.prune(drawn(prunable, seed, 9), dense, first)
    (total,) = scope.expected(prunable.shapes, second).values()
    assume(second - first >= Fraction(1, 6))  # a head's share: less may add a head for MLP units

    mask = scope.prune(drawn(prunable, seed + 1, 9), parent, second)

    assert mask.within(parent)
    assert mask.pruned == total


def test_what_cannot_be_pruned_is_refused() -> None:
    """NaN, heads of another size, a part of a unit, and a parent that is sparser already."""
    prunable = model(1, hidden=6, inner=12)
    scores, dense, scope = drawn(prunable, 0, 5), masks.dense(prunable), scope_of_units(HEAD)
    name = "encoder.layer.0.intermediate.dense.weight"
    with pytest.raises(BadInput, match="NaN"):
        scope.prune(scores | {name: np.full((12, 6), np.nan, np.float32)}, dense, Fraction(1, 2))
    with pytest.raises(BadInput, match="6 rows or columns, not heads of 4"):
        scope_of_units(4).prune(scores, dense, Fraction(1, 2))
    with pytest.raises(BadInput, match="6 rows or columns, not heads of 4"):
        scope_of_units(4).expected(prunable.shapes, Fraction(1, 2))
    part = {n: bits.copy() for n, bits in dense.kept.items()}
    part[name][3, 0] = False
    with pytest.raises(BadInput, match="prunes a part of a unit"):
        scope.prune(scores, Mask(prunable=prunable, kept=part), Fraction(1, 2))
    half = scope.prune(scores, dense, Fraction(1, 2))
    with pytest.raises(BadInput, match="pruned already, but sparsity 1/10 means"):
        scope.prune(scores, half, Fraction(1, 10))


def test_the_count_at_the_size_of_bert_base() -> None:
    """70 % of 85,524,480 weights: 102 of 144 heads and 25,920 of 36,864 MLP units have exactly as
    many; the pooler's cannot be had.
    """
    shapes = model(12, hidden=768, inner=3072).shapes
    expected = load_scope("heads_of_64_and_units").expected

    assert 102 * 196_608 + 25_920 * 1536 == 59_867_136
    assert expected(shapes, Fraction(7, 10)) == {None: 59_867_136}
    assert load_scope("heads_of_32_and_units").expected({}, Fraction(1, 2)) == {None: 0}
    with pytest.raises(BadInput, match="have 84,934,656; write a lower one"):
        expected(shapes, Fraction(999, 1000))


def test_the_controls_prune_as_many_units() -> None:
    """The bad subnetwork keeps none that the good one keeps; a random one is drawn by its seed."""
    prunable = model(2, hidden=8, inner=16)
    generator = np.random.default_rng(0)
    weights = {
        name: generator.standard_normal(shape).astype(np.float32)
        for name, shape in prunable.shapes.items()
    }

    def mask(name: str, seed: int = 0, half: Fraction = Fraction(1, 2)) -> Mask:
        criterion = load_criterion(name)
        assert criterion.scope is None
        given = Inputs(weights=weights, parent=masks.dense(prunable), sparsity=half, seed=seed)
        return scope_of_units(HEAD).prune(criterion.scores(given), given.parent, half)

    good, bad = mask("magnitude"), mask("largest_first")
    drawn_masks = [mask("random_in_scope", seed) for seed in range(8)]

    for name, bits in good.kept.items():
        both = bits & bad.kept[name]
        assert both.all() if "pooler" in name else not both.any()
    for every in units(prunable):
        alive = [[each.kept[n][p].all() for u in every for n, p in u[:1]] for each in drawn_masks]
        assert {sum(kept) for kept in alive} == {
            sum(good.kept[u[0][0]][u[0][1]].all() for u in every)
        }
        assert np.any(alive, axis=0).all()  # any unit may be kept
    assert len({good, bad, *drawn_masks}) == 10
    assert mask("random_in_scope", 3) == drawn_masks[3]


def test_the_embedded_model_has_heads_of_32() -> None:
    """A scope of theirs is accepted; tests/design/test_wrong_configs.py has others."""
    task, model = {"rte": {"max_length": 64}}, {"path": str(ROOT / "resources" / "theta_0")}

    study = load({"model": model, "tasks": task, "imp": {"scope": "heads_of_32_and_units"}})

    assert study.imp.scope == "heads_of_32_and_units"


def test_names_of_another_family() -> None:
    """DistilBERT's matrices have other names, and no pooler is missed."""
    names = {
        f"transformer.layer.0.attention.{k}_lin.weight": (4, 4) for k in ("q", "k", "v", "out")
    }
    names |= {"transformer.layer.0.ffn.lin1.weight": (8, 4)}
    names |= {"transformer.layer.0.ffn.lin2.weight": (4, 8)}
    prunable = prunable_set(names)
    scores = {name: np.ones(shape, np.float32) for name, shape in prunable.shapes.items()}

    mask = scope_of_units(HEAD).prune(scores, masks.dense(prunable), Fraction(1, 2))

    for name, bits in mask.kept.items():
        by_rows = "out_lin" not in name and "lin2" not in name
        lines = bits if by_rows else bits.T
        assert (~lines[: len(lines) // 2]).all()
        assert lines[len(lines) // 2 :].all()
