"""A study's folder as a user has it, and Snakemake called in it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
PUBLISHED: Mapping[str, str] = yaml.safe_load(
    (ROOT / "config/published_code.yaml").read_text(encoding="utf-8")
)["imp"]
"""The choices of the published code in iterative magnitude pruning; test_design.py has them too."""

PARTS = ("Snakefile", "workflow", "config", "profiles", "envs")


def checkout(folder: Path) -> Path:
    """A fresh clone with the miniature study: the workflow's files, with times of their own."""
    for name in PARTS:
        source, copy = ROOT / name, folder / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, copy, copy_function=shutil.copyfile, ignore=ignored)
        else:
            shutil.copyfile(source, copy)
    shutil.copyfile(ROOT / "tests" / "mini.yaml", folder / "config" / "mini.yaml")
    return folder


def clone(study: Path, folder: Path) -> Path:
    """A fresh clone with the results of `study`, and what Snakemake remembers of them."""
    checkout(folder)
    for name in ("results", ".snakemake"):
        ignored = shutil.ignore_patterns("report.frame.html")  # a browser's, of Snakemake's report
        shutil.copytree(study / name, folder / name, copy_function=shutil.copyfile, ignore=ignored)
    shutil.copyfile(study / "config/mini.yaml", folder / "config/mini.yaml")
    return folder


def configuration(folder: Path) -> dict[str, Any]:
    """The values of the miniature study's configuration in `folder`."""
    return yaml.safe_load((folder / "config/mini.yaml").read_text(encoding="utf-8"))


def change(folder: Path, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Give the miniature study in `folder` other values; all values that it then has."""
    values = configuration(folder) | changes
    (folder / "config/mini.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")
    return values


def snakemake(
    folder: Path, *arguments: str, config: str = "config/mini.yaml"
) -> subprocess.CompletedProcess[str]:
    """Run Snakemake in `folder`."""
    command = [sys.executable, "-m", "snakemake", "--configfile", config, *arguments]
    return subprocess.run(
        command,
        cwd=folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )


def planned(
    folder: Path, *targets: str, config: str = "config/mini.yaml", results: str = "results"
) -> dict[str, int]:
    """What a dry run would do: jobs by rule."""
    flags = ("--dry-run", "--nolock", "--quiet", "rules", "--config", f"results={results}")
    done = snakemake(folder, *flags, "--", *targets, config=config)
    assert done.returncode == 0, done.stdout
    lines = [line.split() for line in done.stdout.splitlines()]
    counts = {words[0]: int(words[1]) for words in lines if len(words) == 2 and words[1].isdigit()}
    counts.pop("total", None)
    return counts
