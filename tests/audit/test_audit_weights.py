"""Trained weights that were kept: what a mask prunes is zero, or frozen to the bit."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from fake_masks import SHAPES
from tickets import masks, provenance, weights
from tickets.audit import check_weights
from tickets.audit.findings import Files
from tickets.audit.lineage import expected
from tickets.audit.study_files import parse_path
from tickets.criteria.random import draw
from tickets.design.dag import Design
from tickets.files import sha256
from tickets.prunable import PrunableSet

MASK = "masks/random/seed-1/sparsity-50.safetensors"
THETA = "weights/theta_0.safetensors"
ZEROED = "trained/theta_0/random/seed-1/sparsity-50/on-rte/seed-1001.safetensors"
FROZEN = "trained/theta_0/random/seed-1/sparsity-50/freeze/on-rte/seed-1001.safetensors"
M = draw(PrunableSet(shapes=SHAPES), Fraction(1, 2), seed=1)
NAME = next(iter(SHAPES))
DESIGN = Design(
    tasks=["rte"],
    seeds=[1],
    sparsities=["10", "50"],
    transfer="50",
    rewind="0",
    evaluation="other_seed",
)
Values = dict[str, np.ndarray]


def drawn(seed: int) -> Values:
    random = np.random.default_rng(seed)
    return {name: random.standard_normal(shape, dtype="f4") for name, shape in SHAPES.items()}


def ended(path: str) -> Values:
    """The right end of a training: new values where the mask keeps weights."""
    pruned = drawn(1) if path == FROZEN else {name: np.zeros(s, "f4") for name, s in SHAPES.items()}
    return {name: np.where(M.kept[name], drawn(2)[name], pruned[name]) for name in SHAPES}


def findings(root: Path, path: str, change: Callable[[Values], None]) -> list[tuple[str, str]]:
    """What is found of a training's end that `change` changed before its statement was written."""
    end = ended(path)
    change(end)
    about = {"rule": "toy", "parameters": {}, "dependencies": {}, "started": provenance.now()}
    masks.write(root / MASK, M)
    provenance.write(root / MASK, facts=masks.facts(M), **about)
    for place, values in ((THETA, drawn(1)), (path, end)):
        weights.write(root / place, values)
    provenance.write(root / THETA, **about)
    made = {
        "parameters": {"meaning": "freeze"} if path == FROZEN else {},
        "dependencies": {"mask": root / MASK, "theta": root / THETA},
    }
    provenance.write(root / path, **(about | made))
    here = (MASK, THETA, path)
    files = Files(
        root=root,
        digests={each: sha256((root / each).read_bytes()) for each in here},
        statements={each: provenance.statement(root / each) for each in here},
    )
    return [(each.path, each.code) for each in check_weights.check(files)]


def at(kept: bool, value: Callable[[np.ndarray], np.ndarray]) -> Callable[[Values], None]:
    """Change the first weight that the mask keeps or prunes."""

    def change(values: Values) -> None:
        place = np.flatnonzero(M.kept[NAME] == kept)[:1]
        values[NAME].reshape(-1)[place] = value(values[NAME].reshape(-1)[place])

    return change


def flip(value: np.ndarray) -> np.ndarray:
    """The last bit of the fraction."""
    return (value.view(np.uint32) ^ 1).view(np.float32)


@pytest.mark.parametrize("path", [ZEROED, FROZEN])
def test_what_training_may_do_is_not_found(tmp_path: Path, path: str) -> None:
    """Kept weights may have any value."""
    assert findings(tmp_path, path, lambda _: None) == []
    assert findings(tmp_path, path, at(True, flip)) == []


@pytest.mark.parametrize("path", [ZEROED, FROZEN])
def test_a_flipped_bit_of_a_pruned_weight_is_found(tmp_path: Path, path: str) -> None:
    """Though file and statement agree."""
    assert findings(tmp_path, path, at(False, flip)) == [(path, "wrong-weights")]


def test_a_frozen_weight_is_not_zero_and_a_pruned_one_not_thetas(tmp_path: Path) -> None:
    """Neither passes for the other; zero is another value than theta's."""
    zero = at(False, lambda value: 0 * value)
    assert findings(tmp_path / "frozen", FROZEN, zero) == [(FROZEN, "wrong-weights")]
    theta = at(False, lambda _: drawn(1)[NAME][~M.kept[NAME]][:1])
    assert findings(tmp_path / "zeroed", ZEROED, theta) == [(ZEROED, "wrong-weights")]


def test_a_frozen_training_has_the_dense_ticket_and_says_what_the_mask_means() -> None:
    """Another one has the mask's own ticket, and must not say so."""
    frozen, zeroed = (expected(DESIGN, parse_path(path)) for path in (FROZEN, ZEROED))  # type: ignore[arg-type]
    assert frozen is not None
    assert zeroed is not None

    assert frozen.parents["ticket"] == "tickets/theta_0/dense.json"
    assert zeroed.parents["ticket"] == "tickets/theta_0/random/seed-1/sparsity-50.json"
    assert frozen.parents["mask"] == zeroed.parents["mask"] == MASK
    assert (frozen.parameters["meaning"], zeroed.parameters["meaning"]) == ("freeze", None)


def test_a_mask_of_largest_change_is_made_from_theta_0_too() -> None:
    """Beside the end of the full model's training, and from the dense mask."""
    mask = parse_path("masks/change/rte/seed-1/sparsity-50.safetensors")
    assert mask is not None
    found = expected(DESIGN, mask)
    assert found is not None

    assert found.parents == {
        "weights": "trained/theta_0/dense/on-rte/seed-1.safetensors",
        "parent": "masks/dense.safetensors",
        "theta_0": THETA,
    }
    assert found.parameters["round"] == 1


@pytest.mark.parametrize(
    "path",
    [
        *(ZEROED, "movement/theta_0/dense/on-rte/seed-1001.safetensors"),
        "weights/theta_i/rte/rewind-10/seed-1.safetensors",
        *("losses/dense/on-rte.parquet", "lines/theta_0/dense/on-rte/seed-1001/order-2.parquet"),
    ],
)
def test_the_model_is_that_of_the_study(path: str) -> None:
    """And not another one that is here, such as the one whose pre-training went on."""
    file = parse_path(path)
    assert file is not None
    found = expected(DESIGN, file)
    assert found is not None

    assert found.parents["configuration"] == "model/config.json"
