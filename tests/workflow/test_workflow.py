"""A whole study in miniature, run by Snakemake as a user runs it."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest
import yaml

from studies import ROOT, change, checkout, clone, planned, snakemake
from tickets import masks, provenance
from tickets.files import sha256

TABLE = "results/tables/transfer.csv"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished study, run on two cores."""
    folder = checkout(tmp_path_factory.mktemp("study"))
    assert planned(folder, TABLE)["train"] == 2 * 2 * (2 + 1 + 2 + 2)
    done = snakemake(folder, "--cores", "2", "--", TABLE)
    assert done.returncode == 0, done.stdout
    assert "Transfer at 20 % sparsity" in done.stdout
    return folder


def digests(folder: Path) -> dict[str, str]:
    """Those of all masks and predictions."""
    of_masks = {p: masks.read(p).digest for p in folder.rglob("masks/**/*.safetensors")}
    predictions = folder.rglob("predictions/**/*.parquet")
    all_digests = of_masks | {p: sha256(p.read_bytes()) for p in predictions}
    return {path.relative_to(folder).as_posix(): digest for path, digest in all_digests.items()}


def test_two_runs_from_scratch_agree_to_the_bit(study: Path, tmp_path: Path) -> None:
    """One core or two, among more seeds or alone: masks and predictions are the same, from the text
    of the pre-training to a training under a mask of another task.
    """
    again = checkout(tmp_path / "again")
    change(again, {"seeds": [1]})
    mask = "imp/acceptability/rewind-0/seed-1/sparsity-20"
    target = f"results/predictions/theta_0/{mask}/on-mlm/seed-1001.parquet"
    done = snakemake(again, "--cores", "1", "--", target)

    assert done.returncode == 0, done.stdout
    assert target in digests(again)
    assert digests(again).items() <= digests(study).items()
    of_all_seeds = 1 + 1 + 2  # masks dense and one-shot, and what the majority answers
    of_a_seed = 2 * 2 + 1 + 2 * (2 + 1 + 2 + 2)  # masks of IMP and a random one, and trainings
    assert len(digests(study)) == of_all_seeds + 2 * of_a_seed


def test_the_table_is_complete(study: Path) -> None:
    """Every mask on every task with every column, and the files beside it."""
    table = pd.read_csv(study / TABLE)

    assert len(table) == (2 + 2) * 2
    assert list(table.columns) == [
        *("source", "target", "sparsity", "metric", "n", "mean", "std", "full_mean", "full_std"),
        *("delta_full", "low", "high", "delta_same_task"),
        *("few_seeds", "matches_full", "matches_same_task", "learned"),
    ]
    assert (table["n"] == 2).all()
    for other in ("tables/transfer_matrix.csv", "figures/transfer.svg", "figures/transfer.png"):
        assert (study / "results" / other).stat().st_size > 100


def test_every_mask_has_the_exact_count_and_is_within_its_parent(study: Path) -> None:
    """Rounds nest, and their counts are those of the schedule."""
    for task in ("acceptability", "mlm"):
        for seed in (1, 2):
            at = study / f"results/masks/imp/{task}/rewind-0/seed-{seed}"
            first, second = (masks.read(at / f"sparsity-{s}.safetensors") for s in (10, 20))
            assert second.within(first)
            assert [mask.pruned for mask in (first, second)] == [
                round(share * first.prunable.size) for share in (0.1, 0.2)
            ]


def test_data_come_before_any_training(study: Path) -> None:
    """A fault in the last task's data does not wait for the trainings on the others."""
    times = {
        kind: sorted(p.stat().st_mtime for p in study.glob(f"results/benchmarks/{kind}/**/*.jsonl"))
        for kind in ("encode", "trainings")
    }

    assert len(times["encode"]) == 2
    assert times["encode"][-1] <= times["trainings"][0]


def test_what_was_trained_is_not_kept(study: Path) -> None:
    """Trained weights go when nothing needs them any more; tickets stay, and hold no weights."""
    assert not list((study / "results").glob("trained/**/*.safetensors"))
    tickets = [p for p in study.glob("results/tickets/**/*.json") if ".prov" not in p.name]
    assert len(tickets) == 1 + 1 + 2 + 2 * 2 * 2  # dense, one-shot, random, and two rounds of IMP
    assert {path.stat().st_size for path in tickets} == {262}


def test_another_seed_or_task_trains_its_own_and_nothing_again(study: Path, tmp_path: Path) -> None:
    """Though its trainings start from tickets that the others share with it."""
    copy = clone(study, tmp_path / "larger")
    config = yaml.safe_load((copy / "config/mini.yaml").read_text())

    def jobs(**changed: object) -> dict[str, int]:
        (copy / "config/mini.yaml").write_text(yaml.safe_dump(config | changed))
        return planned(copy, TABLE)

    seed = jobs(seeds=[1, 2, 3])
    assert (seed["train"], seed["prune"], seed["find_mask"]) == (2 * (2 + 1 + 2 + 2), 2 * 2, 1)
    assert {"data", "encode", "theta_0"}.isdisjoint(seed)  # and find_mask is the random one

    task = jobs(tasks=config["tasks"] | {"other": config["tasks"]["acceptability"]})
    masks = 1 + 1 + 1 + 3  # dense, one-shot, random, every task's: those that train on the new task
    assert task["train"] == 2 * (masks + 2 + 2)  # its two rounds; its mask on the two others
    assert task["prune"] == 2 * 2
    assert {"find_mask", "theta_0"}.isdisjoint(task)


def test_nothing_is_done_twice(study: Path, tmp_path: Path) -> None:
    """Not on a second call, not after a touch, not in a fresh clone with the results."""
    assert planned(study, TABLE) == {}
    copy = clone(study, tmp_path / "clone")
    assert planned(copy, TABLE) == {}
    for path in (*copy.rglob("*.py"), *copy.rglob("*.safetensors"), *copy.rglob("*.parquet")):
        os.utime(path)
    assert planned(copy, TABLE) == {}


def test_an_edit_reruns_what_depends_on_it_and_no_more(study: Path, tmp_path: Path) -> None:
    """Code of the table: the table. Code of pruning: masks and what follows, no data."""
    copy = clone(study, tmp_path / "edited")
    package = copy / "workflow" / "scripts" / "tickets"
    for path in package.rglob("*.py"):
        with path.open("a") as file:
            file.write("# edited\n")
    assert planned(copy, TABLE) == {}

    with (package / "terminal.py").open("a") as file:
        file.write("EDITED = 1\n")
    assert planned(copy, TABLE) == {"transfer": 1}

    with (package / "criteria" / "random.py").open("a") as file:
        file.write("EDITED = 1\n")
    again = planned(copy, TABLE)
    assert (again["find_mask"], again["rewind"], again["train"]) == (2, 2, 2 * 2)
    assert {"theta_0", "pretrain", "data", "encode", "prune"}.isdisjoint(again)
    with (package / "scopes" / "global_.py").open("a") as file:
        file.write("EDITED = 1\n")
    again = planned(copy, TABLE)
    assert {"theta_0", "pretrain", "data", "encode"}.isdisjoint(again)
    assert again["prune"] == 2 * 2 * 2
    shorter = (copy / "config" / "mini.yaml").read_text().replace("steps: 3\n", "steps: 4\n")
    (copy / "config" / "mini.yaml").write_text(shorter)
    assert {"language", "theta_0", "data", "encode"}.isdisjoint(planned(copy, TABLE))


def test_a_theta_0_that_is_there_needs_no_text(study: Path, tmp_path: Path) -> None:
    """Only a study that pre-trains has the text of pre-training made."""
    own = "model: {path: results/pretrained, pretrain: true}"
    shipped = f"model: {{path: {ROOT / 'resources' / 'theta_0'}}}"
    copy = checkout(tmp_path / "shipped")
    config = copy / "config" / "mini.yaml"
    config.write_text(config.read_text().replace(own, shipped))

    jobs = planned(copy, TABLE)

    assert list((study / "results/language/pretraining").glob("*.parquet"))
    assert "language" in jobs
    assert {"pretraining_text", "new_model", "corpus", "pretrain"}.isdisjoint(jobs)


def test_a_changed_mask_stops_whoever_reads_it(study: Path, tmp_path: Path) -> None:
    """One line with the file and both digests, exit status not zero, nothing else lost."""
    copy = clone(study, tmp_path / "changed")
    mask = copy / "results/masks/oneshot/sparsity-20.safetensors"
    content = bytearray(mask.read_bytes())
    content[-1] ^= 0x80
    mask.write_bytes(content)
    predictions = copy / "results/predictions/theta_0/oneshot/sparsity-20/on-mlm/seed-1001.parquet"
    for lost in (predictions, copy / "results/metrics/transfer.parquet", copy / TABLE):
        lost.unlink()
    kept = set((copy / "results").rglob("*.parquet"))

    done = snakemake(copy, "--cores", "1", "--show-failed-logs", "--", TABLE)

    assert done.returncode != 0
    [line] = {line.strip() for line in done.stdout.splitlines() if "error:" in line}
    assert str(mask.relative_to(copy)) in line
    assert sha256(bytes(content)) in line
    assert provenance.subject_digest(mask) in line
    assert kept <= set((copy / "results").rglob("*.parquet"))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("sedes=[1]", "sedes"),
        ("target_sparsity=0.25", "target_sparsity"),
        ("target_sparsity=1.5", "target_sparsity"),
        ("seeds=[]", "seeds"),
        ("tasks={colla: {}}", "cola"),
    ],
)
def test_a_wrong_configuration_ends_with_one_line(study: Path, change: str, expected: str) -> None:
    """While Snakemake reads it, with the key and what to write instead; nothing is computed."""
    done = snakemake(study, "--dry-run", "--config", change, "--", TABLE)

    assert done.returncode != 0
    [line] = [line for line in done.stdout.splitlines() if line.startswith("error: config: ")]
    assert expected in line
    assert "Traceback" not in done.stdout
