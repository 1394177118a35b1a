"""What a run says: its plan, what trains, its tables, and where to look when it fails."""

from snakemake.logging import logger

from tickets.watch import banner
from tickets.watch.lines import take_over
from tickets.watch.measuring import measured
from tickets.watch.pace import Pace

# What runs on a cluster's nodes, and other workflows that use this one, keep Snakemake's own messages,
# as does who asks for more of them.
said = workflow.output_settings
own = workflow.is_main_process and workflow.modifier.is_main_snakefile()
more = said.verbose or said.printshellcmds or said.debug_dag
lines = take_over(logger, dry=said.dryrun) if own and not more else None


def show(name):
    """Print a table at the end of a run that made or asked for it; whether it did."""
    text = files.text(name)
    asked = any(text in job.output for job in workflow.dag.jobs)
    if asked:
        print(Path(text).read_text())
    return asked


def announce():
    """Say what the run has before it, and count it down."""
    trainings, waiting = (
        banner.trainings_of(jobs) for jobs in (workflow.dag.jobs, workflow.dag.needrun_jobs())
    )
    pace = Pace(study)
    if workflow.local_exec and len(waiting) >= banner.MANY and pace.left(waiting, 1) is None:
        logger.info("Trying for some seconds how fast this machine trains.")
        pace = Pace(study, measured(config))
    logger.info(banner.text(study.results, len(trainings), waiting, pace, at_once()))
    if lines:
        lines.begin(waiting, pace, at_once())


onstart:
    announce()
    # Snakemake limits how many jobs it starts a second, for a cluster's sake. After each look at waiting
    # jobs it looks again when the time is over, and each of those looks begets the next: hundreds of
    # short jobs on one machine end with hundreds of looks a second.
    if workflow.local_exec:
        workflow.scheduler.job_rate_limiter = None


onsuccess:
    if any([show(name) for name in ("transfer", "versus_paper")]):
        print(banner.farewell(study.results))


onerror:
    logger.error(banner.UNFINISHED)
