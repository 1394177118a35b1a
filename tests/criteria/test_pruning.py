"""Pruning against torch's own, against counting, and by hand."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from torch import nn
from torch.nn.utils import prune

from tickets import masks
from tickets.criteria import magnitude
from tickets.criteria.random import draw
from tickets.criteria.snip import sensitivities
from tickets.criterion import Criterion, Inputs, Scores, find, load_criterion, load_scope
from tickets.errors import BadInput
from tickets.layerwise import draw_like
from tickets.prunable import PrunableSet
from tickets.schedule import pruned_count
from tickets.scopes.global_ import prune_global
from tickets.scopes.per_matrix import prune_per_matrix
from tickets.scopes.per_row import SCOPE as PER_ROW
from tickets.weights import prunable_of, rewind

NAMES = ("encoder.layer.0.output.dense.weight", "encoder.layer.1.output.dense.weight")


def two(shape: tuple[int, int], other: tuple[int, int]) -> PrunableSet:
    return PrunableSet(shapes={NAMES[0]: shape, NAMES[1]: other})


def magnitudes(weights: dict[str, np.ndarray], prunable: PrunableSet) -> Scores:
    """The scores of one-shot pruning."""
    dense = masks.dense(prunable)
    return magnitude.scores(Inputs(weights=weights, parent=dense, sparsity=Fraction(0)))


def test_every_round_agrees_with_torch() -> None:
    """Nine rounds, weights changed in between: the masks are those of global_unstructured."""
    generator = np.random.default_rng(0)
    shapes = {NAMES[0]: (40, 30), NAMES[1]: (50, 20)}
    mask = masks.dense(PrunableSet(shapes=shapes))
    modules = [nn.Linear(shape[1], shape[0], bias=False) for shape in shapes.values()]
    size = mask.prunable.size
    for step in range(1, 10):
        weights = {n: generator.standard_normal(s).astype(np.float32) for n, s in shapes.items()}
        for module, weight in zip(modules, weights.values(), strict=True):
            target = module.weight_orig if hasattr(module, "weight_orig") else module.weight
            target.data = torch.from_numpy(weight.copy())
            module(torch.zeros(1, weight.shape[1]))  # lets torch's hook apply its mask so far
        parent = mask
        mask = prune_global(magnitudes(weights, mask.prunable), mask, Fraction(step, 10))
        prune.global_unstructured(
            [(module, "weight") for module in modules],
            pruning_method=prune.L1Unstructured,
            amount=size // 10,
        )

        for module, kept in zip(modules, mask.kept.values(), strict=True):
            assert np.array_equal(module.weight_mask.numpy().astype(bool), kept)
        assert mask.pruned == step * size // 10
        assert mask.within(parent)


def test_ties_are_pruned_in_order_of_position() -> None:
    """Equal magnitudes fall from the first matrix's first weight on; signs do not matter."""
    weights = {
        NAMES[0]: np.array([[1, -1, 2]], np.float32),
        NAMES[1]: np.array([[-1, 1, 3]], np.float32),
    }
    dense = masks.dense(two((1, 3), (1, 3)))

    mask = prune_global(magnitudes(weights, dense.prunable), dense, Fraction(1, 2))

    assert mask.kept[NAMES[0]].tolist() == [[False, False, True]]
    assert mask.kept[NAMES[1]].tolist() == [[False, True, True]]


def test_a_pruned_weight_stays_pruned_however_large() -> None:
    """Only survivors compete."""
    prunable = two((1, 2), (1, 2))
    parent = masks.from_flat(prunable, np.array([False, True, True, True]))
    weights = {
        NAMES[0]: np.array([[9, 3]], np.float32),
        NAMES[1]: np.array([[2, 4]], np.float32),
    }

    mask = prune_global(magnitudes(weights, prunable), parent, Fraction(1, 2))

    assert [b.tolist() for b in mask.kept.values()] == [[[False, True]], [[False, True]]]


@settings(max_examples=60)
@given(
    hnp.arrays(np.float32, (4, 9), elements=st.sampled_from([0.0, -0.0, 1.0, -1.0, 2.0, 3.0])),
    st.integers(0, 36),
    st.integers(0, 36),
)
def test_counts_are_exact_and_rounds_nest(weights: np.ndarray, first: int, second: int) -> None:
    """Whatever ties there are, exactly k are pruned, and none that is larger than a survivor."""
    first, second = sorted((first, second))
    prunable = PrunableSet(shapes={NAMES[0]: (4, 9)})
    scores = magnitudes({NAMES[0]: weights}, prunable)

    one = prune_global(scores, masks.dense(prunable), Fraction(first, 36))
    two_ = prune_global(scores, one, Fraction(second, 36))

    assert (one.pruned, two_.pruned) == (first, second)
    assert two_.within(one)
    kept = two_.kept[NAMES[0]]
    if 0 < second < 36:
        assert scores[NAMES[0]][~kept].max() <= scores[NAMES[0]][kept].min()


def test_the_count_is_exact_at_the_size_of_bert_base() -> None:
    """85,524,480 weights: pruned to the last one, where a float32 sum is off."""
    prunable = PrunableSet(shapes={"pooler.dense.weight": (768, 111_360)})
    assert prunable.size == 85_524_480
    weights = np.random.default_rng(0).standard_normal((768, 111_360), dtype=np.float32)

    mask = prune_global(
        magnitudes({"pooler.dense.weight": weights}, prunable),
        masks.dense(prunable),
        Fraction(7, 10),
    )

    assert mask.pruned == 59_867_136 == pruned_count(Fraction(7, 10), prunable.size)


def test_what_cannot_be_pruned_is_refused() -> None:
    """NaN, weights of another model, and a sparsity below the parent's: one line each."""
    prunable = PrunableSet(shapes={NAMES[0]: (1, 2)})
    dense = masks.dense(prunable)
    with pytest.raises(BadInput, match="NaN"):
        prune_global({NAMES[0]: np.array([[1, np.nan]], np.float32)}, dense, Fraction(1, 2))
    with pytest.raises(BadInput, match="another model"):
        magnitudes({NAMES[0]: np.ones((2, 1), np.float32)}, prunable)
    half = masks.from_flat(prunable, np.array([True, False]))
    with pytest.raises(BadInput, match="higher"):
        prune_global({NAMES[0]: np.ones((1, 2), np.float32)}, half, Fraction(0))


def test_random_masks_are_exact_seeded_and_spread() -> None:
    """The count is exact, the seed decides, and every matrix gets about its share."""
    prunable = two((50, 40), (30, 100))

    one, again, other = (draw(prunable, Fraction(7, 10), seed) for seed in (1, 1, 2))

    assert one == again != other
    assert one.pruned == 3500
    for name in NAMES:
        assert 0.66 < one.sparsity_of(name) < 0.74


def test_rewinding_restores_bits_and_leaves_plain_zeros() -> None:
    """Survivors are bit-equal to theta, the pruned are +0 (not -0), all else is untouched."""
    theta = {
        NAMES[0]: np.array([[-1.5, 2.5, -0.0]], np.float32),
        "embeddings.word_embeddings.weight": np.ones((3, 2), np.float32),
    }
    mask = masks.from_flat(prunable_of(theta), np.array([False, True, True]))

    ticket = rewind(theta, mask)

    assert ticket[NAMES[0]].tobytes() == np.array([[0.0, 2.5, -0.0]], np.float32).tobytes()
    assert ticket["embeddings.word_embeddings.weight"] is theta["embeddings.word_embeddings.weight"]


def test_a_mask_of_another_model_is_refused() -> None:
    """A ticket needs a mask of the very prunable set."""
    mask = masks.dense(PrunableSet(shapes={NAMES[0]: (1, 3)}))
    with pytest.raises(BadInput, match="another model"):
        rewind({NAMES[0]: np.ones((3, 1), np.float32)}, mask)


def test_each_matrix_alone_agrees_with_torch() -> None:
    """Pruned one by one, each to the same share of itself: torch's l1_unstructured, twice."""
    generator = np.random.default_rng(0)
    shapes = {NAMES[0]: (40, 30), NAMES[1]: (50, 20)}
    mask = masks.dense(PrunableSet(shapes=shapes))
    weights = {n: generator.standard_normal(s).astype(np.float32) for n, s in shapes.items()}
    weights[NAMES[1]] *= 100  # pruned globally, it would keep nearly everything

    for sparsity in (Fraction(1, 5), Fraction(1, 2)):
        mask = prune_per_matrix(magnitudes(weights, mask.prunable), mask, sparsity)

    for name, weight in weights.items():
        module = nn.Linear(weight.shape[1], weight.shape[0], bias=False)
        module.weight.data = torch.from_numpy(weight)
        prune.l1_unstructured(module, "weight", amount=weight.size // 2)
        assert np.array_equal(module.weight_mask.numpy().astype(bool), mask.kept[name])


def test_each_row_alone_agrees_with_torch() -> None:
    """As if each were a matrix of its own: torch's l1_unstructured, row by row; and it nests."""
    generator = np.random.default_rng(0)
    prunable = two((6, 30), (5, 20))
    weights = {
        n: generator.standard_normal(s).astype(np.float32) for n, s in prunable.shapes.items()
    }
    weights[NAMES[0]][2] *= 100  # pruned with the others, this row would keep everything
    scores = magnitudes(weights, prunable)

    fifth = PER_ROW.prune(scores, masks.dense(prunable), Fraction(1, 5))
    half = PER_ROW.prune(scores, fifth, Fraction(1, 2))

    assert half.within(fifth)
    assert half == PER_ROW.prune(scores, masks.dense(prunable), Fraction(1, 2))
    for name, weight in weights.items():
        for row, kept in zip(weight, half.kept[name], strict=True):
            module = nn.Linear(len(row), 1, bias=False)
            module.weight.data = torch.from_numpy(row[None].copy())
            prune.l1_unstructured(module, "weight", amount=len(row) // 2)
            assert np.array_equal(module.weight_mask.numpy()[0].astype(bool), kept)
    with pytest.raises(BadInput, match="sparser than 1/5 already"):
        PER_ROW.prune(scores, half, Fraction(1, 5))


def test_equal_scores_of_a_row_go_by_position() -> None:
    """The first ones are pruned; what the parent prunes counts."""
    prunable = two((1, 4), (2, 2))
    scores = {name: np.ones(shape, np.float32) for name, shape in prunable.shapes.items()}
    kept = {NAMES[0]: np.array([[True, True, False, True]]), NAMES[1]: np.ones((2, 2), bool)}

    mask = PER_ROW.prune(scores, masks.Mask(prunable=prunable, kept=kept), Fraction(1, 2))

    assert mask.kept[NAMES[0]].tolist() == [[False, True, False, True]]
    assert mask.kept[NAMES[1]].tolist() == [[False, True]] * 2


@pytest.mark.parametrize("length", [4, 8])
def test_each_group_of_neighbours_loses_as_many(length: int) -> None:
    """2:4 and 4:8: the lowest of each group, in rounds that nest; other shares are refused."""
    generator = np.random.default_rng(0)
    prunable = two((6, 32), (5, 16))
    weights = {
        n: generator.standard_normal(s).astype(np.float32) for n, s in prunable.shapes.items()
    }
    scores, scope = magnitudes(weights, prunable), load_scope(f"groups_of_{length}")

    quarter = scope.prune(scores, masks.dense(prunable), Fraction(1, 4))
    half = scope.prune(scores, quarter, Fraction(1, 2))

    assert half.within(quarter)
    assert half == scope.prune(scores, masks.dense(prunable), Fraction(1, 2))
    for name, bits in half.kept.items():
        for kept, sizes in zip(
            bits.reshape(-1, length), np.abs(weights[name]).reshape(-1, length), strict=True
        ):
            assert sizes[kept].min() > sizes[~kept].max()
            assert kept.sum() == length // 2
    counts = {name: int((~bits).sum()) for name, bits in half.kept.items()}
    assert scope.expected(prunable.shapes, Fraction(1, 2)) == counts
    with pytest.raises(BadInput, match=f"every {length} weights; write multiples of {1 / length}"):
        scope.prune(scores, masks.dense(prunable), Fraction(1, 10))
    odd = two((6, 30), (5, 20))
    with pytest.raises(BadInput, match=f"30 weights, not groups of {length}"):
        scope.prune(
            {n: np.ones(s) for n, s in odd.shapes.items()}, masks.dense(odd), Fraction(1, 2)
        )


def test_sensitivities_by_hand() -> None:
    """|dL/dw . w|: a large weight that nothing depends on goes before a small one that matters."""
    prunable = two((1, 2), (1, 1))
    weights = {NAMES[0]: np.array([[4, -0.5]], np.float32), NAMES[1]: np.array([[2]], np.float32)}
    slopes = {NAMES[0]: np.array([[0.1, 2]], np.float32), NAMES[1]: np.array([[-3]], np.float32)}

    scores = sensitivities(weights, slopes)

    assert np.allclose(scores[NAMES[0]], [[0.4, 1.0]])
    assert np.allclose(scores[NAMES[1]], [[6.0]])
    assert prune_global(scores, masks.dense(prunable), Fraction(1, 3)).kept[NAMES[0]].tolist() == [
        [False, True]
    ]


def test_a_random_mask_like_another_has_its_counts_and_not_its_places() -> None:
    """In every matrix as many weights, drawn by the seed."""
    prunable = two((40, 30), (50, 20))
    kept = {NAMES[0]: np.zeros((40, 30), bool), NAMES[1]: np.ones((50, 20), bool)}
    kept[NAMES[0]][:7] = True
    kept[NAMES[1]][0, 0] = False
    mask = masks.Mask(prunable=prunable, kept=kept)

    once, again, other = (draw_like(mask, seed) for seed in (1, 1, 2))

    assert once == again != other
    for name, bits in mask.kept.items():
        assert np.count_nonzero(once.kept[name]) == np.count_nonzero(bits)
    assert 0.05 < once.kept[NAMES[0]][7:].mean() < 0.35  # 7 of 40 rows' worth, everywhere


@pytest.mark.parametrize("sparsity", [Fraction(0), Fraction(1, 3), Fraction(7, 10)])
def test_chance_is_a_criterion_whose_scores_give_the_drawn_mask(sparsity: Fraction) -> None:
    """Whatever the study's scope: the draw is over the whole prunable set."""
    prunable = two((50, 40), (30, 100))
    weights = {name: np.ones(shape, np.float32) for name, shape in prunable.shapes.items()}
    inputs = Inputs(weights=weights, parent=masks.dense(prunable), sparsity=sparsity, seed=3)
    criterion = load_criterion("random")

    assert find(criterion, criterion.scope or "", inputs) == draw(prunable, sparsity, 3)


@pytest.mark.parametrize("scope", ["global", "per_matrix", "per_row"])
@pytest.mark.parametrize("sparsity", [Fraction(1, 10), Fraction(1, 3), Fraction(99, 100)])
def test_a_scope_says_how_many_weights_it_prunes(scope: str, sparsity: Fraction) -> None:
    """Of all matrices together, or of each."""
    prunable = two((7, 5), (3, 11))
    scores = {name: np.ones(shape, np.float32) for name, shape in prunable.shapes.items()}
    known = load_scope(scope)

    mask = known.prune(scores, masks.dense(prunable), sparsity)
    expected = known.expected(prunable.shapes, sparsity)

    counts = {name: int((~bits).sum()) for name, bits in mask.kept.items()}
    assert expected == ({None: mask.pruned} if scope == "global" else counts)
    assert sum(expected.values()) == mask.pruned


@pytest.mark.parametrize(
    "scores",
    [
        {NAMES[0]: np.ones((1, 2), np.float32)},
        {NAMES[0]: np.ones((1, 2), np.float32), NAMES[1]: np.ones((2, 1), np.float32)},
        {NAMES[0]: np.ones((1, 2), np.float32), NAMES[1]: np.ones((1, 2), np.float64)},
    ],
)
def test_scores_that_are_not_one_float32_array_a_matrix_are_refused(scores: Scores) -> None:
    """A criterion is a stranger's: one line says what it should return."""
    criterion = Criterion(label="mine", scores=lambda inputs: scores if inputs else {})
    dense = masks.dense(two((1, 2), (1, 2)))
    inputs = Inputs(weights={}, parent=dense, sparsity=Fraction(1, 2))
    with pytest.raises(BadInput, match=r"criterion mine: no float32 scores of shape .* one array"):
        find(criterion, "global", inputs)
