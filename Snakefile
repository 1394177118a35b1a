"""Lottery tickets in pre-trained BERT: the workflow's table of contents."""

from snakemake.utils import min_version

min_version("9.27")


# Only if no other is given: Snakemake would merge the two studies.
if not workflow.config_settings.configfiles:

    configfile: "config/config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/names.smk"
include: "workflow/rules/resources.smk"
include: "workflow/rules/terminal.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/pretrained.smk"
include: "workflow/rules/adapted.smk"
include: "workflow/rules/imp.smk"
include: "workflow/rules/baselines.smk"
include: "workflow/rules/connectivity.smk"
include: "workflow/rules/losses.smk"
include: "workflow/rules/tables.smk"
include: "workflow/rules/plan.smk"
include: "workflow/rules/audit.smk"
include: "workflow/rules/exports.smk"
include: "workflow/rules/report.smk"


report: "workflow/report/workflow.rst"


rule all:
    default_target: True
    input:
        study=[file for table in study.tables.values() for file in table.outputs(files).values()],
        story=files.story(),
    localrule: True
