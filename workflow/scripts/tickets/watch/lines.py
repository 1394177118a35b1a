"""Snakemake's messages on a terminal: a line when a training starts and when it is finished.

Snakemake's own lists all files of each job, dozens of them code. Its log file still does.
"""

from __future__ import annotations

import logging
import re
import textwrap
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, TextIO

from tickets.watch.pace import Pace, words

Record = Mapping[str, Any]

TRAININGS: Mapping[str, Callable[[Mapping[str, str]], str]] = {
    "train": lambda w: f"{w['weights']}/{w['mask']}/on-{w['task']}/seed-{w['seed']}",
    "theta_i": lambda w: f"theta_i/{w['task']}/rewind-{w['rewind']}/seed-{w['seed']}",
    "pretrain": lambda _: "pretrain",
}
"""The rules that train, and what a training is called."""

UNSAID = {"group_info", "job_started", "resources_info", "shellcmd", "workflow_started"}
"""Events that say nothing which another line does not."""

NOISE = (
    "Assuming unrestricted shared filesystem",
    "Conda environments: ignored",
    "Group jobs: inactive",
    "Removing temporary output",
    "Select jobs to execute",
    "Using shell:",
    "Would remove temporary output",
    "host: ",
)
"""How messages of each run, or of each job, begin."""

SAID_BETTER = (
    "Exiting because a job execution failed",
    "RuleException:\nCalledProcessError",
    "Shutting down",
    "WorkflowError:\nAt least one job did not complete successfully",
)
"""How those begin that come beside the line on a job that failed."""

_LISTS = re.compile("(Missing output files|Input files updated by another job): [^;]*")
REASON = 100  # characters; there may be hundreds of files in one


class Lines(logging.StreamHandler[TextIO]):
    """Writes one line where there is something to say, without colours.

    `others` formats what is left as Snakemake says it. `dry`: nothing runs, and each job is said.
    """

    def __init__(self, stream: TextIO, others: logging.Formatter | None, *, dry: bool) -> None:
        super().__init__(stream)
        self.setFormatter(others)
        self._dry = dry
        self._names: dict[int, str] = {}
        self._waiting: set[str] = set()
        self._all = self._percent = 0
        self._at_once = 1
        self._pace: Pace | None = None

    def begin(self, trainings: Collection[str], pace: Pace, at_once: int) -> None:
        """Count down these trainings, of which so many run at a time."""
        self._waiting, self._all = set(trainings), len(trainings)
        self._pace, self._at_once = pace, at_once

    def emit(self, record: logging.LogRecord) -> None:
        """Write a message's line, if it has one."""
        text = self.format(record)
        if text:
            self.stream.write(f"{text}\n")
            self.flush()

    def format(self, record: logging.LogRecord) -> str:
        """The text of a message; empty for what is not said."""
        about, event = record.__dict__, getattr(record, "event", None)
        if event == "job_info":
            return self._started(about)
        if event == "job_finished":
            return self._finished(about["job_id"])
        if event == "progress":
            return self._progress(about["done"], about["total"])
        if event == "job_error":
            return _failed(_called(about), about["log"], about["rule_msg"], about["indent"])
        if event == "group_error":  # its jobs follow, each with an event of its own
            return _failed(f"submission {about['groupid']}", about["aux_logs"])
        if event in UNSAID or (event == "run_info" and not self._dry):
            return ""
        if event in (None, "error") and str(record.msg).startswith((*NOISE, *SAID_BETTER)):
            return ""
        return super().format(record)

    def _started(self, job: Record) -> str:
        rule = job["rule_name"]
        if self._dry:
            reason = textwrap.shorten(_LISTS.sub(r"\1", job["reason"]), REASON, placeholder=" ...")
            return f"{_called(job)}: {reason}"
        if rule not in TRAININGS:
            return ""
        name = self._names[job["jobid"]] = TRAININGS[rule](job["wildcards"])
        return f"training {name}"

    def _finished(self, job: int) -> str:
        name = self._names.get(job, "")
        if name not in self._waiting or self._pace is None:
            return ""
        self._waiting.remove(name)
        seconds = self._pace.add(name)
        took = "" if seconds is None else f" in {seconds:,.0f} s"
        done = f"{self._all - len(self._waiting):,} of {self._all:,} trainings"
        left = self._pace.left(self._waiting, self._at_once)
        rest = "" if left is None or not self._waiting else f", {words(left)} left"
        return f"trained  {name}{took}; {done}{rest}"

    def _progress(self, done: int, total: int) -> str:
        """Each twentieth of all jobs."""
        percent = 20 * done // total * 5
        if self._dry or percent == self._percent:
            return ""
        self._percent = percent
        return f"{percent} %: {done:,} of {total:,} jobs"


def take_over(logger: logging.Logger, *, dry: bool) -> Lines | None:
    """Put `Lines` in the place of Snakemake's own terminal handler; None if it has none."""
    for handler in logger.handlers:
        if handler.name == "DefaultStreamHandler" and isinstance(handler, logging.StreamHandler):
            lines = Lines(handler.stream, handler.formatter, dry=dry)
            lines.filters = handler.filters
            logger.removeHandler(handler)
            logger.addHandler(lines)
            return lines
    return None


def _failed(
    name: str, logs: Iterable[str], message: str | None = None, in_group: bool = False
) -> str:
    """What failed, what an executor says of it, and the ends of its logs.

    Of a group only one job is at fault, and some never began: those without a log are not said.
    """
    ends = [(log, end) for log in logs if (end := _last(Path(log)))]
    if in_group and not ends:
        return ""
    lines = [f"failed: {name}" + ("; its log ends with" if ends else "; its log says nothing")]
    lines += [message] if message else []
    return "\n    ".join([*lines, *(line for log, end in ends for line in (end, f"({log})"))])


def _called(job: Record) -> str:
    """A job by its rule and the first file that it makes."""
    return " ".join([job["rule_name"], *job["output"][:1]])


def _last(log: Path) -> str:
    """The last line of a log that says something."""
    try:
        written = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.strip() for line in reversed(written) if line.strip()), "")
