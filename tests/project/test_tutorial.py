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

SMALLER = {
    "seeds: [1, 2]": "seeds: [1]",
    "total_steps=400": "total_steps=40",
    "range(400)": "range(40)",
    "epochs: 4": "epochs: 1",
    "steps: 100": "steps: 10",
    "--cores 1": "--cores 2",
}
"""What is run smaller than it stands, to take a third of the time: seeds and trainings."""

PROGRAMS = {
    "snakemake": "-m snakemake",
    "tickets": "-c 'from tickets.cli import main; main()'",
}


def steps(text: str) -> list[str]:
    """The shell blocks of a document, in order; the set-up is indented, and no such block."""
    return [dedent(body) for body in re.findall(r"(?ms)^ *```sh\n(.*?)^ *```$", text)]


def test_the_tutorial_leads_to_a_table_and_a_ticket(tmp_path: Path) -> None:
    """Each step ends well: data, model, plan, study, table, audit, history and export."""
    folder = checkout(tmp_path / "clone")
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, call in PROGRAMS.items():
        (programs / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {call} "$@"\n')
        (programs / name).chmod(0o755)
    text = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    for whole, smaller in SMALLER.items():
        assert whole in text
        text = text.replace(whole, smaller)
    path = os.pathsep.join([str(programs), str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = os.environ | {"PATH": path, "PYTHONPATH": str(folder / "workflow" / "scripts")}

    said: list[str] = []
    for step in steps(text):
        done = subprocess.run(
            ["bash", "-e", "-c", step],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        said.append(done.stdout)

    # The time is known as soon as a training is finished, and not guessed before.
    assert "time: known when the first trainings are finished" in "".join(said)
    assert re.search(r"trained  .* in \d+ s; 1 of \d+ trainings, .* left", "".join(said))
    table = pd.read_csv(folder / "results-own" / "tables" / "transfer.csv")
    assert set(table["source"]) == {"reviews", "notes", "mlm", "oneshot", "random"}
    assert (folder / "own" / "ticket" / "model.safetensors").is_file()
