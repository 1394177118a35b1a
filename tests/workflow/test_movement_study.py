"""Pruning by the movement that each round gathers, in a small study: from its run to its audit."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load_file

from forgery import flip
from studies import change, planned, snakemake
from tamperings import remask
from tickets import masks, provenance
from tickets.audit.check_masks import prunings
from tickets.audit.schema_of_statements import problem
from tickets.audit.study import Audit, audit
from tickets.masks import from_flat
from tickets.schedule import pruned_count

TABLE = "tables/sparsity_sweep.csv"
OWN = "movement_imp/{}/rewind-0/seed-1/sparsity-{}"
ROUNDS = [(task, sparsity) for task in ("acceptability", "mlm") for sparsity in ("10", "20")]
MASK = f"masks/{OWN.format('acceptability', '20')}.safetensors"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory, clone_prepared: Callable[[Path], Path]) -> Path:
    """A finished sweep, which keeps what decides its masks."""
    folder = clone_prepared(tmp_path_factory.mktemp("moved"))
    sweep = ["oneshot", "movement_imp"]
    change(folder, {"seeds": [1], "sweep": sweep, "keep_checkpoints": True})
    assert planned(folder, f"results/{TABLE}")["gather"] == len(ROUNDS)
    done = snakemake(folder, "--cores", "2", "--", f"results/{TABLE}")
    assert done.returncode == 0, done.stdout
    return folder / "results"


@pytest.fixture
def copy(study: Path, tmp_path: Path) -> Path:
    return shutil.copytree(study, tmp_path / "results")


def audited(results: Path) -> Audit:
    with ThreadPoolExecutor(1) as pool:
        return audit(results, None, pool)


def codes(results: Path, path: str) -> set[str]:
    """The faults in one file."""
    return {each.code for each in audited(results).faults if each.path == path}


def test_it_stands_beside_imp(study: Path) -> None:
    """In the table at every sparsity, and on its chart."""
    table = pd.read_csv(study / TABLE)

    assert table.groupby("finder").size().to_dict() == {
        **{"dense": 2, "imp": 4, "oneshot": 4, "movement_imp": 4},
    }
    assert "IMP by movement" in (study / "figures/sparsity_sweep.svg").read_text()


@pytest.mark.parametrize("task", ["acceptability", "mlm"])
def test_a_rounds_mask_is_that_of_its_movement(study: Path, task: str) -> None:
    """With exact counts, within the one before, and another than IMP's."""
    first, second = (
        masks.read(study / f"masks/{OWN.format(task, sparsity)}.safetensors")
        for sparsity in ("10", "20")
    )
    parents = {"dense": masks.dense(first.prunable), OWN.format(task, "10"): first}
    for mask, (name, parent) in zip((first, second), parents.items(), strict=True):
        moved = load_file(study / f"movement/theta_0/{name}/on-{task}/seed-1.safetensors")
        pruned = np.concatenate([~mask.kept[each].ravel() for each in mask.kept])
        alive = np.concatenate([parent.kept[each].ravel() for each in mask.kept])
        scores = np.concatenate([moved[each].ravel() for each in mask.kept])
        assert moved.keys() == mask.kept.keys()
        assert mask.within(parent)
        assert mask.pruned == pruned_count(mask.sparsity, mask.prunable.size)
        assert scores[pruned & alive].max() <= scores[~pruned].min()
        assert scores[pruned & alive].min() < 0
    imp = masks.read(study / f"masks/imp/{task}/rewind-0/seed-1/sparsity-20.safetensors")
    assert second != imp


@pytest.mark.parametrize("task", ["acceptability", "mlm"])
def test_the_first_rounds_training_is_imps(study: Path, task: str) -> None:
    """Whose own job ends with the same loss, by the same recipe."""
    name = f"theta_0/dense/on-{task}/seed-1.safetensors"
    imp, moved = (provenance.statement(study / kind / name) for kind in ("trained", "movement"))

    assert moved.rule == imp.rule == "train"
    assert moved.parameters == imp.parameters
    assert moved.facts["final_loss"] == imp.facts["final_loss"]
    assert moved.facts["code"] == imp.facts["code"]
    assert not moved.is_kept


def test_the_audit_makes_them_again_and_is_clean(study: Path) -> None:
    """Each from its movement and parent; every statement follows the schema."""
    found = audited(study)
    again = {each.mask: each.roles for each in prunings(found.files, {})}
    stated = [json.loads(each.read_bytes()) for each in study.rglob("*.prov.json")]

    assert found.faults == []
    assert [wrong for each in stated if (wrong := problem(each))] == []
    for task, sparsity in ROUNDS:
        before = "dense" if sparsity == "10" else OWN.format(task, "10")
        roles = again[f"masks/{OWN.format(task, sparsity)}.safetensors"]
        assert roles["weights"] == f"movement/theta_0/{before}/on-{task}/seed-1.safetensors"


def test_movement_that_was_deleted_after_use_is_not_missed(copy: Path) -> None:
    """As without `keep_checkpoints`: its statement is within those of masks."""
    shutil.rmtree(copy / "movement")

    found = audited(copy)

    assert found.faults == []
    assert MASK not in {each.mask for each in prunings(found.files, {})}
    [history] = [
        parent.history
        for role, parent in provenance.statement(copy / MASK).dependencies.items()
        if role == "weights"
    ]
    assert history is not None
    assert history.name == "seed-1.safetensors"


def test_a_flipped_bit_is_found(copy: Path) -> None:
    """In the mask, and in the movement."""
    moved = "movement/theta_0/dense/on-mlm/seed-1.safetensors"
    flip(copy / MASK, -1, 7)
    flip(copy / moved, -1)

    assert "changed-file" in codes(copy, MASK)
    assert "changed-file" in codes(copy, moved)


def test_another_mask_of_the_same_count_is_found(copy: Path) -> None:
    """A weight in the place of another, though file and statement agree."""
    path = copy / MASK
    mask = masks.read(path)
    kept = np.concatenate([bits.ravel() for bits in mask.kept.values()])
    before = masks.read(copy / f"masks/{OWN.format('acceptability', '10')}.safetensors")
    alive = np.concatenate([bits.ravel() for bits in before.kept.values()])
    one, other = np.flatnonzero(kept)[0], np.flatnonzero(alive & ~kept)[0]
    kept[[one, other]] = False, True
    forged = copy.parent / "forged.safetensors"
    masks.write(forged, from_flat(mask.prunable, kept))
    remask(copy, MASK, forged)

    assert "wrong-mask" in codes(copy, MASK)
    assert not {"wrong-count", "not-nested"} & codes(copy, MASK)
