"""Masks that prune as many weights as they should, but not as their scope does."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from audit_inputs import places, read
from kept_study import audited
from tickets import masks, provenance
from tickets.audit import check_scopes
from tickets.criterion import load_scope
from tickets.masks import Mask
from tickets.prunable import PrunableSet, prunable_set

MASK = "masks/oneshot/sparsity-50.safetensors"
AT = "encoder.layer.0"
HIDDEN, INNER, HALF = 64, 128, Fraction(1, 2)
PRUNABLE = prunable_set(
    {
        **{f"{AT}.attention.self.{k}.weight": (HIDDEN, HIDDEN) for k in ("query", "key", "value")},
        f"{AT}.attention.output.dense.weight": (HIDDEN, HIDDEN),
        f"{AT}.intermediate.dense.weight": (INNER, HIDDEN),
        f"{AT}.output.dense.weight": (HIDDEN, INNER),
    }
)
QUERY, UP, DOWN = (
    f"{AT}.{part}.weight" for part in ("attention.self.query", "intermediate.dense", "output.dense")
)
Kept = dict[str, np.ndarray]


def pruned_in(scope: str) -> Kept:
    """What a scope keeps of random scores, to be changed."""
    generator = np.random.default_rng(0)
    scores = {n: generator.random(shape, np.float32) for n, shape in PRUNABLE.shapes.items()}
    mask = load_scope(scope).prune(scores, masks.dense(PRUNABLE), HALF)
    return {name: bits.copy() for name, bits in mask.kept.items()}


def write(root: Path, scope: str, kept: Kept, prunable: PrunableSet = PRUNABLE) -> None:
    """The mask as a study has it."""
    path, mask = root / MASK, Mask(prunable=prunable, kept=kept)
    path.parent.mkdir(parents=True)
    masks.write(path, mask)
    provenance.write(
        path,
        rule="find_mask",
        parameters={"finder": "oneshot", "scope": scope, "sparsity": "50"},
        dependencies={},
        facts=masks.facts(mask),
        started=provenance.now(),
    )


def between_groups(kept: Kept) -> None:
    """One weight more in the first group of a row, one less in the last: the row's count stays."""
    row = kept[QUERY][5]
    row[np.flatnonzero(row[:4])[0]] = False
    row[60 + np.flatnonzero(~row[60:])[0]] = True


def between_rows(kept: Kept) -> None:
    """One weight more in one row, one less in another: the matrix's count stays."""
    one, other = kept[QUERY][5], kept[QUERY][6]
    one[np.flatnonzero(one)[0]] = False
    other[np.flatnonzero(~other)[0]] = True


def between_matrices(kept: Kept) -> None:
    """The same in two matrices: the mask's count stays."""
    kept[UP][5][np.flatnonzero(kept[UP][5])[0]] = False
    kept[QUERY][6][np.flatnonzero(~kept[QUERY][6])[0]] = True


def between_units(kept: Kept) -> None:
    """Two units, one pruned and one not, exchange their rows but not their columns."""
    alive, gone = (int(np.flatnonzero(kept[DOWN][0] == kind)[0]) for kind in (True, False))
    kept[UP][[alive, gone]] = kept[UP][[gone, alive]]


CASES = [
    ("groups_of_4", between_groups, QUERY),
    ("groups_of_8", between_groups, QUERY),
    ("groups_of_4", between_rows, QUERY),
    ("per_row", between_rows, QUERY),
    ("per_matrix", between_matrices, QUERY),
    ("heads_of_32_and_units", between_units, DOWN),
]


@pytest.mark.parametrize(("scope", "change", "matrix"), CASES)
def test_a_group_that_is_not_pruned_alike_is_found(
    tmp_path: Path, scope: str, change: Callable[[Kept], None], matrix: str
) -> None:
    """Whatever the count of all weights; a mask as its scope prunes it is not."""
    kept = pruned_in(scope)
    write(tmp_path / "right", scope, kept)
    before = {name: bits.copy() for name, bits in kept.items()}
    change(kept)
    write(tmp_path / "wrong", scope, kept)

    assert sum(int(b.sum()) for b in kept.values()) == sum(int(b.sum()) for b in before.values())
    found = {
        each.path: each.message
        for each in audited(tmp_path / "wrong").findings
        if each.code == "wrong-count" and "its scope" in each.message
    }
    assert found == {MASK: f"{matrix} is not pruned as its scope, {scope}, prunes a matrix"}
    assert "wrong-count" not in {each.code for each in audited(tmp_path / "right").findings}


def test_only_this_check_sees_one_group_of_4_that_is_wrong(tmp_path: Path) -> None:
    """The count of each matrix is right."""
    kept = pruned_in("groups_of_4")
    between_groups(kept)
    write(tmp_path, "groups_of_4", kept)
    files = read(tmp_path)

    with ThreadPoolExecutor(1) as pool:
        found = list(check_scopes.check(files, pool))

    assert places(found) == [(MASK, "wrong-count")]
    expected = load_scope("groups_of_4").expected(PRUNABLE.shapes, HALF)
    assert expected == {name: int((~bits).sum()) for name, bits in kept.items()}


@pytest.mark.parametrize("scope", ["per_row", "groups_of_4", "heads_of_32_and_units"])
def test_shapes_that_no_scope_can_prune_are_a_finding(tmp_path: Path, scope: str) -> None:
    """Of a mask that somebody else made: a vector is no matrix."""
    write(tmp_path, scope, {QUERY: np.ones(3, bool)}, prunable_set({QUERY: (3,)}))

    assert (MASK, "wrong-parameters") in places(list(audited(tmp_path).findings))


def test_global_masks_are_not_read_again(tmp_path: Path) -> None:
    """Their count is all that their scope says."""
    write(tmp_path, "global", pruned_in("global"))

    assert list(check_scopes.scoped(read(tmp_path))) == []
