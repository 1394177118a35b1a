"""Loads and checks the configuration; all that the rules ask the package for."""

import gc
import os
import sys
from pathlib import Path

# Of this file, not of the main Snakefile: another workflow may use this one as a module.
ROOT = Path(workflow.current_basedir).parents[1]
SCRIPTS = os.path.relpath(ROOT / "workflow" / "scripts")
sys.path.insert(0, SCRIPTS)
from tickets import names, paths, provenance
from tickets.code import Code, digest
from tickets.criterion import SPLITS
from tickets.data import sources
from tickets.design import dag, experiments, flags, registry, strict_yaml
from tickets.design.config import load
from tickets.design.job_environment import prepare_jobs
from tickets.errors import BadInput
from tickets.language import generator

prepare_jobs()

# A DAG of ten thousand jobs is millions of objects, none of them garbage; looking for some among them
# again and again takes an eighth of the time to build it.
gc.set_threshold(1_000_000)

try:
    if workflow.modifier.is_main_snakefile():
        strict_yaml.check(workflow.configfiles)
    study = load(config)
except BadInput as error:
    sys.exit(f"error: {error}")

design = study.design
files = paths.Results(root=study.results)
local_data = study.local_copies | {"language": files.folder("language")}


wildcard_constraints:
    task=names.TASK,
    split="|".join(SPLITS),
    seed=names.SEED,
    mask=names.MASK,
    weights=names.WEIGHTS,
    rewind=names.PERCENT,
    sparsity=names.PERCENT,
    at="|".join(names.WINNING),
    how="|".join(names.SHUFFLES),
    part="|".join(registry.parts()),


def code(script, *others):
    """The code that a job of `script` runs, with `others` that it loads, as a parameter."""
    entry = f"{SCRIPTS}/{script}.py"
    return Code(entry, digest(*map(Path, (entry, *others))))


def statements_of(*made):
    """The statements beside `made`: small, so that Snakemake compares them by content too.

    They stand for the files: those are `ancient`, whatever a copy or a clone did to their age.
    """
    return [str(provenance.statement_path(Path(path))) for path in made]


def folder_of_model(wildcards, input):
    """The folder of a job's model, which commands are told of."""
    return os.path.dirname(input.model[0])


def source_of(wildcards):
    """A task's parquet files, where they are on this machine or made by this workflow."""
    task = study.tasks[wildcards.task]
    if task.dataset.path == "language":
        return [files.language(task.dataset.name, split) for split in ("train", "validation")]
    return [str(file) for file in sources.local_data(task, study.local_copies)]


def encoded(*splits):
    """A task's encoded splits, and their statements."""
    return {split: ancient(files.encoded("{task}", split)) for split in splits}


def reported(outputs):
    """The same outputs, table and figure marked for Snakemake's report."""
    shown = {"svg": ("2. Figures", "figure"), "table": ("3. Tables", "table")}
    marked = {
        kind: report(
            outputs[kind],
            category=category,
            caption=f"../report/{what}.rst",
            labels={what: Path(outputs[kind]).stem},
        )
        for kind, (category, what) in shown.items()
        if kind in outputs
    }
    return outputs | marked


def unless_kept(made):
    """Mark what is deleted when nothing needs it any more, unless the study keeps it."""
    return made if study.keep_checkpoints else temp(made)
