"""A study of the hub's model and data, from an independent server of the hub's protocol.

olah serves git repositories. It needs an environment of its own (CONTRIBUTING.md), whose folder
TICKETS_OLAH names.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

import hub_repositories
from fake_masks import WEIGHTS, mask, save
from import_graph import SCRIPTS
from repositories import commit, git
from studies import ROOT, checkout, snakemake
from tickets import provenance
from tickets.tasks import task

OLAH = os.environ.get("TICKETS_OLAH")
MODEL, GLUE, SQUAD, TEXT = (
    *("google-bert/bert-base-uncased", "nyu-mll/glue", "rajpurkar/squad", "Salesforce/wikitext"),
)
PAPER = yaml.safe_load((ROOT / "config" / "paper.yaml").read_text(encoding="utf-8"))
SMALL = {"seeds": [1], "target_sparsity": 0.1, "transfer_sparsity": 0.1, "rewinds": []}
SHORT = {"steps": 2, "batch_size": 4, "max_length": 16, "validation_examples": 16}
TRAINED = ("rte", "squad", "mlm")
CONFIGURATION = """
[basic]
host = "127.0.0.1"
port = {port}
repos-path = "{folder}/cache"
mirrors-path = ["{folder}/mirrors"]
[accessibility]
offline = true
"""

pytestmark = pytest.mark.skipif(OLAH is None, reason="TICKETS_OLAH names no environment with olah")


@contextmanager
def olah(folder: Path) -> Generator[str]:
    """The address of a server of the repositories in `folder`/mirrors."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    file = folder / "olah.toml"
    file.write_text(CONFIGURATION.format(port=port, folder=folder))
    command = [f"{OLAH}/bin/olah-cli", "--config", str(file), "--log-path", str(folder / "logs")]
    with (folder / "olah.log").open("w") as log:
        server = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
        try:
            while not _answers(port):
                assert server.poll() is None, (folder / "olah.log").read_text()
                time.sleep(0.1)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait()


def _answers(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def settings(folder: Path) -> dict[str, str]:
    """The environment of a program that may ask a hub on this machine."""
    online = dict.fromkeys(("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE"), "0")
    return online | {"HF_HOME": str(folder / "home"), "NO_PROXY": "127.0.0.1"}


def repositories(mirrors: Path) -> dict[str, str]:
    """The commits of repositories with the layouts of the hub's."""
    glue = [name for name in PAPER["tasks"] if task(name).dataset.path == GLUE]
    return {
        MODEL: hub_repositories.bert(mirrors / "models" / MODEL),
        GLUE: hub_repositories.glue(mirrors / "datasets" / GLUE, glue),
        SQUAD: hub_repositories.squad(mirrors / "datasets" / SQUAD),
        TEXT: hub_repositories.wikitext(mirrors / "datasets" / TEXT),
    }


def miniature(commits: Mapping[str, str]) -> dict[str, Any]:
    """config/paper.yaml with all its tasks, at these commits, and short trainings."""
    left_out = {"subsets", "later_sources", "training", "tokens_per_second", "gpu"}
    tasks = {
        name: SHORT | {"dataset": {"revision": commits[task(name).dataset.path]}}
        for name in PAPER["tasks"]
    }
    tasks["squad"]["stride"] = 4
    model = {"path": MODEL, "revision": commits[MODEL]}
    kept = {name: value for name, value in PAPER.items() if name not in left_out}
    return kept | SMALL | {"results": "results", "model": model, "tasks": tasks}


def ran(folder: Path, study: Mapping[str, Any], *targets: str) -> None:
    (folder / "config" / "small.yaml").write_text(yaml.safe_dump(dict(study)))
    done = snakemake(folder, "--cores", "1", "--", *targets, config="config/small.yaml")
    assert done.returncode == 0, done.stdout


def digests(results: Path) -> dict[str, str]:
    return {
        path.relative_to(results).as_posix(): provenance.statement(path).digest
        for path in provenance.stated_below(results)
    }


def test_the_paper_s_study_takes_all_from_the_hub(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it needs and no more, at its commits; without the hub, the same bits, and a table."""
    folder = checkout(tmp_path / "study")
    commits = repositories(tmp_path / "mirrors")
    study = miniature(commits)
    for name, value in settings(tmp_path).items():
        monkeypatch.setenv(name, value)
    with olah(tmp_path) as address:
        monkeypatch.setenv("HF_ENDPOINT", address)
        ran(folder, study, "fetch")

    results = folder / "results"
    fetched = digests(results)
    assert len([path for path in fetched if path.endswith("train.parquet")]) == 11
    for name in PAPER["tasks"]:
        path = results / "data" / name / "train.parquet"
        about = provenance.statement(path)
        assert about.facts["from"] == "hub"
        assert about.parameters["revision"] == commits[about.parameters["dataset"]]
        assert pq.read_metadata(path).num_rows > 0
    theta = provenance.statement(results / "weights" / "theta_0.safetensors")
    assert theta.parameters == {"model": MODEL, "revision": commits[MODEL]}
    cached = {path.name for path in (tmp_path / "home" / "hub").glob("*/snapshots/**/*")}
    assert "model.safetensors" in cached
    assert not [name for name in cached if name.endswith((".bin", ".h5")) or "test-" in name]

    shutil.rmtree(results)
    shutil.rmtree(folder / ".snakemake")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    ran(folder, study, "fetch")
    assert digests(results) == fetched
    tasks = {name: study["tasks"][name] for name in TRAINED}
    ran(folder, study | {"tasks": tasks}, "results/tables/transfer.csv")
    assert (results / "tables" / "transfer.csv").read_text().count("\n") == 1 + 5 * len(TRAINED)


def test_a_published_mask_is_read_at_its_commit(tmp_path: Path) -> None:
    """Its bits are those in the repository; another commit is refused in one line."""
    folder = tmp_path / "mirrors" / "models" / "org" / "tickets"
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet")
    made = mask(WEIGHTS[:15])
    save(folder / "masks" / "dense.safetensors", made)
    commits = commit(folder), "a" * 40
    program = "import sys, tickets\ntry: print(tickets.load_mask(sys.argv[1]).digest)\n"
    program += "except tickets.errors.BadInput as error: print(error)"
    environment = os.environ | settings(tmp_path) | {"PYTHONPATH": str(SCRIPTS)}

    with olah(tmp_path) as address:
        digest, refused = (
            subprocess.run(
                [sys.executable, "-c", program, f"hf://org/tickets@{each}/masks/dense.safetensors"],
                env=environment | {"HF_ENDPOINT": address},
                capture_output=True,
                text=True,
                check=True,
            ).stdout
            for each in commits
        )

    assert digest.strip() == made.digest
    assert refused.startswith(f"hf://org/tickets@{commits[1]}/masks/dense.safetensors: cannot be")
    assert refused.count("\n") == 1
