"""The tutorial's commands, as they stand in docs/tutorial.md, in a fresh clone."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pandas as pd

from studies import ROOT, checkout

STUDY = "snakemake --cores 1 --configfile own/study.yaml -- "
SMALLER = "snakemake --cores 2 --configfile own/study.yaml --config seeds=[1] -- "
"""The study with one of its two seeds, which takes half of the time; all else is run as it stands."""


def steps(text: str) -> list[str]:
    """The shell blocks of a document, in order; the set-up is indented, and no such block."""
    return [dedent(body) for body in re.findall(r"(?ms)^ *```sh\n(.*?)^ *```$", text)]


def test_the_tutorial_leads_to_a_table_and_a_ticket(tmp_path: Path) -> None:
    """Each step ends well: data, model, plan, study, table, audit, history and export."""
    folder = checkout(tmp_path)
    programs = folder / "programs"
    programs.mkdir()
    for name, module in (("snakemake", "snakemake"), ("tickets", "tickets.cli")):
        call = f"import sys; sys.argv[0] = {name!r}; from {module}.cli import main; main()"
        call = call.replace("tickets.cli.cli", "tickets.cli")
        (programs / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{call}" "$@"\n')
        (programs / name).chmod(0o755)
    found = steps((ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8"))
    path = os.pathsep.join([str(programs), str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = os.environ | {"PATH": path, "PYTHONPATH": str(folder / "workflow" / "scripts")}

    assert sum(STUDY in step for step in found) == 1
    for step in found:
        done = subprocess.run(
            ["bash", "-e", "-c", step.replace(STUDY, SMALLER)],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout

    table = pd.read_csv(folder / "results-own" / "tables" / "transfer.csv")
    assert set(table["source"]) == {"reviews", "notes", "oneshot", "random"}
    assert (folder / "own" / "ticket" / "model.safetensors").is_file()
