"""profiles/slurm: what each job would ask a cluster for. tests/slurm runs it on one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from studies import ROOT, checkout, snakemake
from tickets.design import registry

MINI = yaml.safe_load((ROOT / "tests" / "mini.yaml").read_text())


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What a dry run of the study and its audit says; without a number, it has one core."""
    folder = checkout(tmp_path_factory.mktemp("study"))
    config = MINI | {"gpu": "any", "tables": {n: n == "transfer" for n in registry.tables()}}
    Path(folder, "study.yaml").write_text(yaml.safe_dump(config))
    done = snakemake(
        folder,
        *("--workflow-profile", "profiles/slurm", "--dry-run", "--printshellcmds"),
        *("--cores", "8", "--", "results/audit/verdict.json"),
        config="study.yaml",
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def asked(said: str) -> dict[str, dict[str, str]]:
    """The resources of one job of each rule."""
    jobs = re.findall(r"^rule (\w+):\n((?:    .*\n)+)", said, re.MULTILINE)
    return {
        rule: dict(re.findall(r"(\w+)=([^,\n]*)", job[job.index("resources:") :]))
        for rule, job in jobs
    }


def test_a_training_asks_for_its_gpu_and_its_time(
    asked: dict[str, dict[str, str]],
) -> None:
    """Of the mini study nothing is known: four hours; and of a small model the least memory."""
    training = asked["train"]

    assert training["gpu"] == "1"
    assert training["runtime"] == "240"
    assert training["mem_mb"] == "4001"
    assert asked["pretrain"]["gpu"] == "1"
    assert asked["pretrain"]["runtime"] == "240"


@pytest.mark.parametrize("rule", ["prune", "encode", "find_mask"])
def test_what_is_no_training_asks_for_no_gpu(asked: dict[str, dict[str, str]], rule: str) -> None:
    job = asked[rule]

    assert "gpu" not in job
    assert job["runtime"] == "20"
    assert job["mem_mb"] == "8000"


def test_the_audit_runs_as_many_processes_as_it_asks_for_cores(said: str) -> None:
    """Each may hold the scores of all weights, and the machine has other cores."""
    (threads,) = re.findall(r"rule audit:\n(?:    .*\n)*    threads: (\d+)\n", said)
    (processes,) = re.findall(r"audit\.py .* --processes (\d+) ", said)

    assert threads == processes == "4"
