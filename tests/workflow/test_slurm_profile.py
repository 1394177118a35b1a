"""profiles/slurm: what each job would ask a cluster for. tests/slurm runs it on one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from studies import ROOT, checkout, snakemake

MINI = yaml.safe_load((ROOT / "tests" / "mini.yaml").read_text())


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """The resources of one job of each rule."""
    folder = checkout(tmp_path_factory.mktemp("study"))
    config = MINI | {"gpu": "any"}
    Path(folder, "study.yaml").write_text(yaml.safe_dump(config))
    done = snakemake(
        folder,
        *("--workflow-profile", "profiles/slurm", "--dry-run", "--printshellcmds"),
        *("--", "results/tables/transfer.csv"),
        config="study.yaml",
    )
    assert done.returncode == 0, done.stdout
    jobs = re.findall(r"^rule (\w+):\n((?:    .*\n)+)", done.stdout, re.MULTILINE)
    return {
        rule: dict(re.findall(r"(\w+)=([^,\n]*)", said[said.index("resources:") :]))
        for rule, said in jobs
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
