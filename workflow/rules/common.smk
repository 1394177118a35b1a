"""Loads and checks the configuration; all that the rules ask the package for."""

import os
import sys
from pathlib import Path

SCRIPTS = os.path.relpath(Path(workflow.basedir) / "workflow" / "scripts")
sys.path.insert(0, SCRIPTS)
# The rules call `python` and mean the one that runs Snakemake.
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

from tickets import dag, flags, language, paths, provenance, sources
from tickets.code import code_files
from tickets.config import load
from tickets.errors import BadInput

try:
    study = load(config)
except BadInput as error:
    sys.exit(f"error: {error}")

design = study.design
files = paths.Results(root=study.results)


wildcard_constraints:
    task=paths.TASK,
    split="train|validation",
    seed=paths.SEED,
    mask=paths.MASK,
    weights=paths.WEIGHTS,
    rewind=paths.PERCENT,
    sparsity=paths.PERCENT,
    part="|".join(dag.PARTS),


def code(script):
    """The code that a job of `script` runs: as inputs, compared by content."""
    return [os.path.relpath(file) for file in code_files(Path(SCRIPTS) / f"{script}.py")]


def stated(*made):
    """The statements beside `made`: small, so that Snakemake compares them by content too.

    They stand for the files: those are `ancient`, whatever a copy or a clone did to their age.
    """
    return [str(provenance.beside(Path(path))) for path in made]


def show(name):
    """Print a table at the end of a run that made or asked for it."""
    text = files.text(name)
    if any(text in job.output for job in workflow.dag.jobs):
        print(Path(text).read_text())
