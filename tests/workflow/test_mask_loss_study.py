"""A table that only some studies ask for, with trained masks, from its run to its audit."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pandas as pd
import pytest
import yaml

from forgery import flip
from studies import change, configuration, planned, snakemake
from tickets import masks, provenance
from tickets.audit.study import audit
from tickets.schedule import pruned_count

MASK_TRAINING = Path("workflow/scripts/tickets/criteria/mask_training.py")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory, clone_prepared: Callable[[Path], Path]) -> Path:
    """The miniature with the table, and few steps of mask training."""
    folder = clone_prepared(tmp_path_factory.mktemp("asked"))
    sweep = ["oneshot", "mask_training"]
    change(folder, {"seeds": [1], "tables": {"mask_loss": True}, "sweep": sweep})
    criterion = folder / MASK_TRAINING
    few = 'parameters={"batches": 20, "learning_rate": 0.01}'
    text, changed = re.subn(r"parameters=\{.*?\}", few, criterion.read_text())
    assert changed == 1
    criterion.write_text(text)
    done = snakemake(folder, "--cores", "2", "--", "results/tables/mask_loss.csv")
    assert done.returncode == 0, done.stdout
    return folder


def faults(results: Path) -> list[tuple[str, str]]:
    with ProcessPoolExecutor(1) as pool:
        found = audit(results, None, pool).findings
    return [(each.path, each.code) for each in found if each.is_fault]


def test_the_table_has_a_row_a_mask(study: Path) -> None:
    """Own and trained masks of two tasks, one-shot, a random one, and the full model; losses on the
    hidden words of one split.
    """
    table = pd.read_csv(study / "results/tables/mask_loss.csv")
    rows = table.groupby("finder", sort=False).size().to_dict()

    assert rows == {"dense": 1, "imp": 2, "oneshot": 1, "random": 1, "mask_training": 2}
    assert table["words"].nunique() == 1
    assert table["loss"].between(1, 10).all()
    assert (study / "results/figures/mask_loss.svg").is_file()


def test_a_trained_mask_prunes_exactly_and_says_how_it_was_made(study: Path) -> None:
    """From theta_0 and the training split; others than one-shot's weights."""
    folder = study / "results" / "masks"
    oneshot = masks.read(folder / "oneshot/sparsity-20.safetensors")
    for task in ("acceptability", "mlm"):
        path = folder / f"mask_training/{task}/seed-1/sparsity-20.safetensors"
        mask = masks.read(path)
        assert mask.pruned == oneshot.pruned == pruned_count(mask.sparsity, mask.prunable.size)
        assert mask != oneshot
        assert set(provenance.facts(path)) >= {"products"}


def test_the_audit_is_clean_and_finds_a_flipped_bit(study: Path) -> None:
    """In losses, in their statement's file of masks, and in the table."""
    results = study / "results"
    assert faults(results) == []
    for name in (
        "losses/dense/on-mlm.parquet",
        "losses/mask_training/mlm/seed-1/sparsity-20/on-mlm.parquet",
        "masks/mask_training/mlm/seed-1/sparsity-20.safetensors",
        "tables/mask_loss.csv",
    ):
        flip(results / name, -20)
        assert name in {path for path, _ in faults(results)}
        flip(results / name, -20)


def test_losses_that_are_gone_or_another_masks_are_found(study: Path) -> None:
    """The table's statement names them, and their path says which ticket they are of."""
    results = study / "results"
    one, other = (
        results / f"losses/mask_training/{task}/seed-1/sparsity-20/on-mlm.parquet"
        for task in ("acceptability", "mlm")
    )
    kept = [
        (path, path.read_bytes())
        for each in (one, other)
        for path in (each, provenance.statement_path(each))
    ]
    for (to, _), (_, content) in zip(kept[:2], kept[2:], strict=True):
        to.write_bytes(content)

    found = faults(results)

    for path, content in kept:
        path.write_bytes(content)
    assert (one.relative_to(results).as_posix(), "wrong-parent") in found


def test_nothing_of_it_is_planned_without_the_key(study: Path) -> None:
    """In the same study, whose sweep has the trained masks all the same."""
    (study / "config" / "plain.yaml").write_text(
        yaml.safe_dump(configuration(study) | {"tables": {}})
    )
    jobs = planned(study, "all", config="config/plain.yaml", results="elsewhere")

    assert not jobs.keys() & {"initial_loss", "mask_loss"}
    assert jobs["find_mask_on_data"] == 2 * 2
