"""Masks by the movement of each round's training: from scores by hand, and in a study's design."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from fake_masks import SHAPES
from tickets import paths
from tickets.audit.lineage import expected
from tickets.audit.study_files import parse_path
from tickets.criteria.random import draw
from tickets.criterion import Inputs, find, load_criterion
from tickets.design.dag import Design, file_of_scores
from tickets.design.experiments import needed, sweep
from tickets.finder import gathers
from tickets.masks import Mask
from tickets.names import DENSE, MaskName, imp
from tickets.paths import Results
from tickets.prunable import PrunableSet

DESIGN = Design(
    tasks=["rte", "mlm"],
    seeds=[1, 2],
    sparsities=["10", "20", "50"],
    transfer="20",
    rewind="5",
    mlm=["mlm"],
    sweep=["oneshot", "movement_imp"],
    evaluation="other_seed",
)
PARENT = draw(PrunableSet(shapes=SHAPES), Fraction(1, 4), seed=1)


def mask_name(task: str, sparsity: str, rewind: str = "5") -> MaskName:
    return MaskName(finder="movement_imp", task=task, rewind=rewind, seed=2, sparsity=sparsity)


def flat(mask: Mask) -> np.ndarray:
    return np.concatenate([bits.ravel() for bits in mask.kept.values()])


@pytest.mark.parametrize("sparsity", [Fraction(1, 4), Fraction(1, 2), Fraction(9, 10)])
@pytest.mark.parametrize("of_pruned", [0.0, 100.0, -100.0])
def test_the_least_movement_of_what_is_left_is_pruned(sparsity: Fraction, of_pruned: float) -> None:
    """Weights that moved towards zero first; a pruned one stays so, whatever its score."""
    drawn = np.random.default_rng(1)
    moved = {name: drawn.standard_normal(shape, dtype="f4") for name, shape in SHAPES.items()}
    for name, kept in PARENT.kept.items():
        moved[name][~kept] = of_pruned
    scores = np.concatenate([moved[name].ravel() for name in SHAPES])
    wanted = flat(PARENT).copy()
    alive = np.flatnonzero(wanted)
    more = round(sparsity * scores.size) - PARENT.pruned
    wanted[alive[np.argsort(scores[alive])[:more]]] = False

    inputs = Inputs(weights=moved, parent=PARENT, sparsity=sparsity)
    mask = find(load_criterion("gathered"), "global", inputs)

    assert np.array_equal(flat(mask), wanted)


def test_each_rounds_own_training_decides() -> None:
    """From theta_i, under the mask of the round before; the file is that of its movement."""
    files, on_rte = Results(root="results"), "on-rte/seed-2"
    first, third = mask_name("rte", "10"), mask_name("rte", "50")

    assert gathers("movement_imp")
    assert not gathers("imp")
    assert not gathers("movement")
    assert DESIGN.before(first) == DENSE
    assert DESIGN.before(third) == mask_name("rte", "20")
    assert (DESIGN.round_of(first), DESIGN.round_of(third)) == (1, 3)
    assert file_of_scores(files, DESIGN, first) == (
        f"results/movement/theta_i/rte/rewind-5/seed-2/dense/{on_rte}.safetensors"
    )
    assert file_of_scores(files, DESIGN, third) == (
        "results/movement/theta_i/rte/rewind-5/seed-2"
        f"/movement_imp/rte/rewind-5/seed-2/sparsity-20/{on_rte}.safetensors"
    )
    assert DESIGN.decided_by(first) == DESIGN.decided_by(imp("rte", "5", 2, "10"))


@pytest.mark.parametrize(
    "changes",
    [
        {"head": "keep"},
        {"decay": "all"},
        {"first_mlm_mask": "oneshot"},
        {"mlm_weights": "continue"},
    ],
)
def test_rounds_are_the_papers_whatever_imps_are(changes: dict[str, str]) -> None:
    """What the published code does otherwise is of no consequence for them."""
    other = replace(DESIGN, **changes)

    for task in DESIGN.tasks:
        for sparsity in DESIGN.sparsities:
            mask = mask_name(task, sparsity)
            assert other.decided_by(mask) == DESIGN.decided_by(mask)


def test_a_sweep_follows_them_and_needs_no_other_training() -> None:
    """An evaluation at each sparsity; what only gathers movement leaves no predictions."""
    with_it, without = (
        needed(design, sweep(design)) for design in (DESIGN, replace(DESIGN, sweep=["oneshot"]))
    )

    assert {str(each) for each in with_it - without} == {
        f"theta_0/movement_imp/{task}/rewind-5/seed-{seed}/sparsity-{sparsity}"
        f"/on-{task}/seed-{1000 + seed}"
        for task in DESIGN.tasks
        for seed in DESIGN.seeds
        for sparsity in DESIGN.sparsities
    }


def test_the_audit_knows_what_such_a_mask_is_made_of() -> None:
    """Movement and parent; the movement as its training, without what would be evaluated."""
    mask = parse_path(f"masks/{mask_name('rte', '50', '0')}.safetensors")
    name = "theta_0/movement_imp/rte/rewind-0/seed-2/sparsity-20/on-rte/seed-2"
    file = parse_path(f"movement/{name}.safetensors")
    assert mask is not None
    assert file is not None

    design = replace(DESIGN, rewind="0")
    of_mask, of_file = expected(design, mask), expected(design, file)

    assert of_mask is not None
    assert of_file is not None
    assert of_mask.rule == "prune"
    assert of_mask.parameters["round"] == 3
    assert of_mask.parents == {
        "weights": f"movement/{name}.safetensors",
        "parent": "masks/movement_imp/rte/rewind-0/seed-2/sparsity-20.safetensors",
    }
    assert of_file.rule == "train"
    assert of_file.parents.keys() == {"ticket", "theta", "mask", "train", "configuration"}
    assert not paths.is_kept(f"results/movement/{name}.safetensors")
