"""What a run prints: its plan, trainings and tables, and where to look if it fails."""

from snakemake.logging import logger

from tickets.monitoring import banner, stopping
from tickets.monitoring.eta import TimeEstimate
from tickets.monitoring.log_handler import replace_handler

# Jobs on a cluster's nodes, workflows that use this one as a module, and verbose calls keep
# Snakemake's own messages.
output = workflow.output_settings
is_own = workflow.is_main_process and workflow.modifier.is_main_snakefile()
asks_for_more = output.verbose or output.printshellcmds or output.debug_dag
handler = replace_handler(logger, dry=output.dryrun) if is_own and not asks_for_more else None


def show(name):
    """Print a table if it is part of this run; return whether it is."""
    text = files.text(name)
    is_part = any(text in job.output for job in workflow.dag.jobs)
    if is_part:
        print(Path(text).read_text())
    return is_part


def announce():
    """Print the banner, and start to count trainings down."""
    trainings, waiting = (
        banner.trainings_of(jobs) for jobs in (workflow.dag.jobs, workflow.dag.needrun_jobs())
    )
    estimate = TimeEstimate(study)
    logger.info(banner.start_message(study.results, len(trainings), waiting, estimate, at_once()))
    if handler:
        handler.begin(waiting, estimate, at_once())


onstart:
    announce()
    # Snakemake limits the jobs that it starts per second, for clusters. Each check of waiting jobs then
    # sets a timer for another check: 240 jobs of 0.6 s on two cores take Snakemake 9.1 CPU seconds with
    # the limit and 3.1 without. A larger --max-jobs-per-timespan keeps the timers.
    if workflow.local_exec:
        workflow.scheduler.job_rate_limiter = None
        stopping.end_after_running_jobs(workflow.scheduler)


onsuccess:
    if any([show(name) for name in ("transfer", "answerability", "versus_paper")]):
        print(banner.final_message(study.results))


onerror:
    logger.error(banner.unfinished_message(fault=handler is None or handler.fault))
