"""Load and check the configuration; helpers that all rules use."""

import gc
import os
import sys
from pathlib import Path

# The folder of this file, not of the main Snakefile: another workflow may use this one as a module.
ROOT = Path(workflow.current_basedir).parents[1]
SCRIPTS = os.path.relpath(ROOT / "workflow" / "scripts")
sys.path.insert(0, SCRIPTS)
from tickets import adapted, names, paths, provenance
from tickets.code import Code, digest
from tickets.criterion import SPLITS
from tickets.data import sources
from tickets.design import dag, experiments, flags, registry, strict_yaml
from tickets.design.config import load
from tickets.design.job_environment import prepare_jobs
from tickets.errors import BadInput
from tickets.language import generator

prepare_jobs()

# A DAG of ten thousand jobs has millions of objects, none of them garbage; collecting garbage takes an
# eighth of the time to build it.
gc.set_threshold(1_000_000)

try:
    if workflow.modifier.is_main_snakefile():
        strict_yaml.check(workflow.configfiles)
    study = load(config)
except BadInput as error:
    sys.exit(error.report())

design = study.design
files = paths.Results(root=study.results)
local_data = study.local_copies | {"language": files.folder("language")}


wildcard_constraints:
    task=names.TASK,
    split="|".join(SPLITS),
    seed=names.SEED,
    order=names.ORDER,
    mask=names.MASK,
    meaning=names.MEANING,
    weights=names.WEIGHTS,
    rewind=names.PERCENT,
    sparsity=names.PERCENT,
    at="|".join(names.WINNING),
    how="|".join(names.SHUFFLES),
    part="|".join(registry.parts()),


def code(script, *others):
    """The parameter for the code of a job: `script`, and the files `others` that it loads."""
    entry = f"{SCRIPTS}/{script}.py"
    return Code(entry, digest(*map(Path, (entry, *others))))


def statements_of(*paths):
    """The statements of files, which are so small that Snakemake compares their content too.

    They are inputs in place of the files: those are `ancient`, as copies and clones change their age.
    """
    return [str(provenance.statement_path(Path(path))) for path in paths]


def folder_of_model(wildcards, input):
    """The folder of a job's model, for its command."""
    return os.path.dirname(input.model[0])


def model_on_this_machine(wildcards):
    """The files of the study's model; none if it is on the hub."""
    return [str(file) for file in sources.local_model(study.model.path, study.local_copies)]


def model_to_read(wildcards):
    """The files that theta_0 is read from."""
    if study.adaptation:
        return [*files.configuration(adapted.ADAPTED), adapted.checkpoint(files)]
    if study.model.pretrain:
        return [*new_model, own_model]
    return model_on_this_machine(wildcards)


def model_to_encode_for(wildcards):
    """The configuration of the model that reads a task: theta_0's, or that of the one to adapt."""
    is_text = wildcards.task == adapted.TEXT
    return files.configuration(adapted.ORIGINAL) if is_text else files.configuration()


def source_of(wildcards):
    """A task's parquet files, if they are on this machine or made by this workflow."""
    task = study.data[wildcards.task]
    if task.dataset.path == "language":
        return [files.language(task.dataset.name, split) for split in ("train", "validation")]
    return [str(file) for file in sources.local_data(task, study.local_copies)]


def encoded(*splits):
    """A task's encoded splits, as inputs by name."""
    return {split: ancient(files.encoded("{task}", split)) for split in splits}


def reported(outputs):
    """Outputs, with table and figure marked for Snakemake's report."""
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


def unless_kept(paths):
    """Mark files as temporary, unless the study keeps them."""
    return paths if study.keep_checkpoints else temp(paths)
