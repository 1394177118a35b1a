"""A study's folder, and Snakemake called in it through the profile, as a user would."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from studies import ROOT, checkout
from tickets.provenance import statement

# Looked at sooner than on a real cluster, where a look costs others' time.
SOON = (
    *("--slurm-init-seconds-before-status-checks", "2"),
    *("--max-status-checks-per-second", "1"),
    *("--latency-wait", "10"),
)
MINI: dict[str, Any] = yaml.safe_load((ROOT / "tests" / "mini.yaml").read_text())


@dataclass(frozen=True, kw_only=True)
class Study:
    """A fresh clone with a configuration, study.yaml."""

    folder: Path

    @classmethod
    def make(cls, folder: Path, config: dict[str, Any]) -> Study:
        checkout(folder)
        (folder / "study.yaml").write_text(yaml.safe_dump(config))
        return cls(folder=folder)

    @contextmanager
    def snakemake(self, target: str, *flags: str) -> Generator[subprocess.Popen[bytes]]:
        """Snakemake on the cluster, in the background, killed where the block ends: it does not end
        by itself while jobs are out. What it says is in snakemake.log, all of it: with
        --printshellcmds it is not put into lines.
        """
        profile = ("--workflow-profile", "profiles/slurm", "--printshellcmds")
        command = [sys.executable, "-m", "snakemake", *profile, *SOON]
        with (self.folder / "snakemake.log").open("ab") as log:
            process = subprocess.Popen(
                [*command, "--configfile", "study.yaml", *flags, "--", target],
                cwd=self.folder,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C is ignored by what a shell runs in the background, these tests for one.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def run_locally(self, *targets: str) -> None:
        """The same without the cluster."""
        command = [sys.executable, "-m", "snakemake", "--cores", "2", "--configfile", "study.yaml"]
        done = subprocess.run(
            [*command, "--", *targets], cwd=self.folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def unlock(self) -> None:
        """What a user does whose Snakemake was killed."""
        command = [sys.executable, "-m", "snakemake", "--unlock", "--configfile", "study.yaml"]
        subprocess.run(command, cwd=self.folder, capture_output=True, check=True)

    def said(self) -> str:
        return (self.folder / "snakemake.log").read_text()

    def job_of(self, file: str) -> str:
        """The SLURM job that made a file, as its statement says; empty: none."""
        return str(statement(self.folder / "results" / file).environment["slurmJobId"])


def slow(steps: int) -> dict[str, Any]:
    """One training of so many steps and nothing else, often saved."""
    task = MINI["tasks"]["acceptability"] | {"steps": steps}
    del task["epochs"]
    return MINI | {
        "seeds": [1],
        "target_sparsity": 0.1,
        "tasks": {"acceptability": task},
        "checkpoint_minutes": 0.02,
    }
