"""What a training takes of a machine, and asks of a cluster."""

from tickets.design.allocation import UNKNOWN, Allocation

allocation = Allocation(study)
# Resources, as they change no result: changed parameters would rerun what is trained. Snakemake
# counts `gpu_place` where a profile or --resources says how many there are; a cluster is asked for
# `gpu`, `runtime` and `mem_mb`.
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
pretraining_resources = device_resources | {"runtime": lambda w, attempt: UNKNOWN * attempt}


def events(training):
    """The flag that asks for a training's event files: a resource too, as they change no result."""
    return f"--events {files.events(training)}" if study.tensorboard else ""


def at_once():
    """How many trainings run at a time under this call's --cores (of one machine) or --jobs (of a
    cluster), and where --resources counts places on GPUs.
    """
    cores, jobs, places = (
        workflow.global_resources.get(name).value for name in ("_cores", "_nodes", "gpu_place")
    )
    fit = jobs or max(1, cores // study.threads)
    return min(fit, places or fit)


def submission(training):
    """The group of jobs that a cluster is given together: a training, by whose path it is named, and
    what stands before and after it in its round. Without a cluster jobs are not grouped.
    """
    alone = workflow.local_exec and workflow.is_main_process
    # The group's name becomes a file's.
    return None if alone or training is None else ".".join(Path(str(training)).parts)
