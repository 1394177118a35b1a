"""A study whose model is adapted to a text first, from its run to its audit."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from forgery import flip
from headless_models import encoder, sentences
from parquet_files import put
from studies import checkout, planned, snakemake
from tickets import provenance, weights
from tickets.architecture import CONFIGURATION, PRETRAINED_HEAD
from tickets.audit.schema_of_statements import problem
from tickets.audit.study import audit
from tickets.files import sha256
from tickets.history import ancestry
from tickets.initial import pretrained

TABLE = "results/tables/full_models.csv"
THETA = "weights/theta_0.safetensors"
TEXT = {"dataset": {"path": "own/prose"}, "text": ["text"]}
LENGTH = {"batch_size": 8, "max_length": 16, "learning_rate": 0.01}
PRETRAINING = {"from": "model", "text": TEXT, "steps": 40, "warmup_steps": 4, **LENGTH}
MLM = {"head": "mlm", **TEXT, "concatenate": True, "metrics": ["masked_accuracy"], "steps": 3}


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model without an MLM head, a text, and full models trained from what comes of them."""
    folder = checkout(tmp_path_factory.mktemp("adapted"))
    encoder(folder / "own" / "bert")
    for split, count in (("train", 300), ("validation", 40)):
        file = folder / "own" / "prose" / f"{split}-00000-of-00001.parquet"
        put(file, {"text": sentences(count, seed=count)})
    write_configuration(folder, "adapted", PRETRAINING)
    done = snakemake(folder, "--cores", "2", "--", TABLE, config="config/adapted.yaml")
    assert done.returncode == 0, done.stdout
    return folder


def write_configuration(folder: Path, name: str, pretraining: dict[str, Any]) -> None:
    values = {
        "seeds": [1],
        "target_sparsity": 0.1,
        "model": {"path": "own/bert", "pretrain": True},
        "pretraining": pretraining,
        "tasks": {"mlm": {**MLM, **LENGTH}},
    }
    (folder / "config" / f"{name}.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")


def faults(results: Path) -> set[tuple[str, str]]:
    with ThreadPoolExecutor(1) as pool:
        return {(each.path, each.code) for each in audit(results, None, pool).faults}


def test_theta_0_is_what_came_out(study: Path) -> None:
    """Bit by bit, with the head that the model did not have."""
    results = study / "results"
    before = weights.read(results / "weights/original.safetensors")
    theta = weights.read(results / THETA)
    came_out = pretrained.read(results / "adapted")
    head = {name for name in theta if name.startswith(PRETRAINED_HEAD)}

    assert theta.keys() == came_out.keys() == before.keys() | head
    assert len(head) == 5
    assert all(np.array_equal(theta[name], value) for name, value in came_out.items())
    assert before.keys() == pretrained.read(study / "own/bert").keys()
    assert len((results / "adapted/validation.csv").read_text().splitlines()) == 1 + 20


def test_its_history_leads_to_the_model_and_the_text(study: Path) -> None:
    """By digests, through statements that are as the schema says."""
    results = study / "results"
    stated = [json.loads(each.read_bytes()) for each in results.rglob("*.prov.json")]
    found = ancestry.find(results / THETA)
    files = [*(study / "own").rglob("*.parquet"), study / "own/bert/model.safetensors"]

    assert [wrong for each in stated if (wrong := problem(each))] == []
    assert {sha256(file.read_bytes()) for file in files} <= {
        each.digest for each in found.ancestors.values()
    }
    for name in CONFIGURATION:
        assert provenance.statement(results / "adapted" / name).rule == "adapt"
        assert provenance.statement(results / "original" / name).rule == "theta_0"


def test_the_audit_is_clean_and_finds_what_was_changed(study: Path, tmp_path: Path) -> None:
    """A bit anywhere on the way; and other weights with a statement of their own."""
    results = shutil.copytree(study / "results", tmp_path / "results")

    assert faults(results) == set()
    for name in (
        *(THETA, "adapted/model.safetensors", "adapted/validation.csv", "adapted/config.json"),
        *("weights/original.safetensors", "original/tokenizer.json"),
        "encoded/pretraining_text/train.arrow",
    ):
        flip(results / name, -20)
        assert (name, "changed-file") in faults(results)
        flip(results / name, -20)
    for suffix in ("", ".prov.json"):
        source = results / f"encoded/mlm/train.arrow{suffix}"
        shutil.copyfile(source, results / f"encoded/pretraining_text/train.arrow{suffix}")
    found = faults(results)
    assert ("adapted/model.safetensors", "broken-link") in found
    assert ("encoded/pretraining_text/train.arrow", "wrong-parameters") in found


def test_only_what_follows_from_a_change_runs_again(study: Path) -> None:
    """Nothing if nothing changes; with another rate the model and its text are as they were."""
    write_configuration(study, "faster", PRETRAINING | {"learning_rate": 0.02})

    assert planned(study, TABLE, config="config/adapted.yaml") == {}
    again = planned(study, TABLE, config="config/faster.yaml")
    assert again["adapt"] == again["theta_0"] == 1
    assert not again.keys() & {"original_model", "data"}


def test_what_may_come_from_the_hub_is_fetched_before_any_training(study: Path) -> None:
    """The model and each data set; nothing is trained for it."""
    jobs = planned(study, "fetch", config="config/adapted.yaml", results="elsewhere")

    assert jobs == {"fetch": 1, "original_model": 1, "data": 2}
