"""The workflow within another one, from a copy that is no git checkout."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from studies import checkout
from tickets import provenance

SNAKEFILE = """
configfile: "mine.yaml"

module tickets:
    snakefile: "copies/tickets/workflow/Snakefile"
    config: config["study"]

use rule * from tickets as tickets_*

rule mine:
    default_target: True
    input:
        "study/tables/versus_paper.csv",
    output:
        "mine.csv",
    shell:
        "cp {input} {output}"
"""
DATA = "study/data/acceptability/train.parquet"


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another project, under git, with a copy of this one in a folder that git is not told of."""
    folder = tmp_path_factory.mktemp("mine")
    checkout(folder / "copies" / "tickets")
    study = yaml.safe_load((folder / "copies/tickets/config/mini.yaml").read_text())
    study |= {"results": "study", "model": {"path": "study/pretrained", "pretrain": True}}
    (folder / "mine.yaml").write_text(yaml.safe_dump({"study": study}))
    (folder / "Snakefile").write_text(SNAKEFILE)
    author = ("-c", "user.name=nobody", "-c", "user.email=nobody")
    for command in (("init",), ("add", "Snakefile"), (*author, "commit", "--message", "mine")):
        subprocess.run(["git", *command], cwd=folder, check=True, capture_output=True)
    return folder


def called(folder: Path, *arguments: str) -> str:
    """What Snakemake says there, with nothing of ours on its path."""
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", *arguments],
        cwd=folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_its_rules_are_another_workflow_s(mine: Path) -> None:
    """From its target down to the trainings, with the paper's numbers beside them, warning-free."""
    said = called(mine, "--dry-run", "--quiet", "rules")

    jobs = dict(line.rsplit(maxsplit=1) for line in said.splitlines() if line[-1:].isdigit())
    assert jobs["mine"] == jobs["tickets_versus_paper"] == jobs["tickets_pretrain"] == "1"
    assert int(jobs["tickets_train"]) > 24
    assert "localrules" not in said


def test_a_target_is_made_that_says_of_no_commit(mine: Path) -> None:
    """The outer repository's commit says nothing of a copy that it does not hold."""
    called(mine, "--cores", "1", "--", DATA)

    stated = provenance.statement(mine / DATA)
    assert stated.rule == "data"
    assert stated.commit is None
    assert sorted(path.name for path in mine.iterdir() if not path.name.startswith(".")) == [
        *("Snakefile", "copies", "mine.yaml", "study")
    ]


def test_a_copy_in_another_folder_makes_nothing_again(mine: Path) -> None:
    """What a job runs counts by its meaning, wherever it lies."""
    called(mine, "--cores", "1", "--", DATA)
    (mine / "copies").rename(mine / "moved")
    outer = mine / "Snakefile"
    outer.write_text(SNAKEFILE.replace("copies/", "moved/"))
    try:
        said = called(mine, "--dry-run", "--", DATA)
    finally:
        (mine / "moved").rename(mine / "copies")
        outer.write_text(SNAKEFILE)

    assert "Nothing to be done" in said
