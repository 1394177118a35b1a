"""Largest change: scores by numpy, and masks found once, after the full model's training."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from fake_masks import SHAPES
from tickets import masks
from tickets.criterion import Inputs, find, load_criterion
from tickets.design.dag import Design, file_of_scores
from tickets.finder import criterion_of, is_round
from tickets.masks import Mask
from tickets.names import DENSE, change, imp
from tickets.paths import Results
from tickets.prunable import PrunableSet

DESIGN = Design(
    tasks=["rte"], seeds=[1, 2], sparsities=["10", "20", "50"], transfer="20", rewind="0"
)


def weights(seed: int) -> dict[str, np.ndarray]:
    drawn = np.random.default_rng(seed)
    found = {name: drawn.standard_normal(shape, dtype="f4") for name, shape in SHAPES.items()}
    return found | {"embeddings.LayerNorm.bias": np.full(3, seed, np.float32)}


def found(sparsity: Fraction) -> Mask:
    """The mask of the change from one draw of weights to another."""
    inputs = Inputs(
        weights=weights(2),
        theta_0=weights(1),
        parent=masks.dense(PrunableSet(shapes=SHAPES)),
        sparsity=sparsity,
    )
    return find(load_criterion("change"), "global", inputs)


@pytest.mark.parametrize("sparsity", [Fraction(1, 10), Fraction(1, 2), Fraction(9, 10)])
def test_the_weights_that_changed_most_are_kept(sparsity: Fraction) -> None:
    """Over all matrices, by the size of the difference; large weights that stayed do not count."""
    before, after = weights(1), weights(2)
    changes = np.concatenate([np.abs(after[name] - before[name]).ravel() for name in SHAPES])
    wanted = np.ones(changes.size, bool)
    wanted[np.argsort(changes)[: round(sparsity * changes.size)]] = False

    mask = found(sparsity)

    kept = np.concatenate([bits.ravel() for bits in mask.kept.values()])
    assert np.array_equal(kept, wanted)


def test_a_mask_is_found_once_from_the_full_models_training() -> None:
    """At each sparsity from the dense network, by a criterion of its own; IMP goes on in rounds."""
    files = Results(root="results")
    for sparsity in DESIGN.sparsities:
        mask = change("rte", 2, sparsity)
        assert str(DESIGN.decided_by(mask)) == "theta_0/dense/on-rte/seed-2"
        assert file_of_scores(files, DESIGN, mask) == (
            "results/trained/theta_0/dense/on-rte/seed-2.safetensors"
        )
        assert DESIGN.before(mask) == DENSE
        assert DESIGN.round_of(mask) == 1
    assert is_round("change")
    assert criterion_of("change") == "change"
    assert DESIGN.before(imp("rte", "0", 2, "50")) == imp("rte", "0", 2, "20")
    assert DESIGN.round_of(imp("rte", "0", 2, "50")) == 3
