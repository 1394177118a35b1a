"""The resources that a training takes of a machine and requests from a cluster."""

from tickets.design.allocation import UNKNOWN, Allocation

allocation = Allocation(study)
# Resources, not parameters: they change no result, and changed parameters would repeat trainings.
# Snakemake counts `gpu_place` if a profile or --resources gives their number; `gpu`, `runtime` and
# `mem_mb` are requested from a cluster.
device_resources = {
    "gpu_place": 1,
    "trainings_per_gpu": str(study.trainings_per_gpu),
    "checkpoint_minutes": str(study.checkpoint_minutes),
    **allocation.gpu,
}
training_resources = device_resources | {
    "runtime": lambda w, attempt: allocation.minutes(w.task, attempt),
    "mem_mb": lambda w, attempt: allocation.megabytes(w.task, attempt),
}
adaptation_resources = device_resources | {
    "runtime": lambda w, attempt: allocation.minutes(adapted.TEXT, attempt),
    "mem_mb": lambda w, attempt: allocation.megabytes(adapted.TEXT, attempt),
}
pretraining_resources = device_resources | {"runtime": lambda w, attempt: UNKNOWN * attempt}


def events(training):
    """The flag for a training's event files: a resource too, as they change no result."""
    return f"--events {files.events(training)}" if study.tensorboard else ""


def at_once():
    """How many trainings run at a time, by this call's --cores (one machine) or --jobs (a cluster),
    and by the places on GPUs, or the GPUs of a cluster, that --resources counts.
    """
    counted = ("_cores", "_nodes", "gpu_place", *(["gpu"] if allocation.gpu else []))
    cores, jobs, *places = (workflow.global_resources.get(name).value for name in counted)
    fit = jobs or max(1, cores // study.threads)
    return min([fit, *filter(None, places)])


def submission(training):
    """The name of the group of jobs to submit together: a training, which it is named after, with the
    jobs before and after it in its round. Without a cluster jobs are not grouped.
    """
    alone = workflow.local_exec and workflow.is_main_process
    # The group's name becomes a file name.
    return None if alone or training is None else ".".join(Path(str(training)).parts)
