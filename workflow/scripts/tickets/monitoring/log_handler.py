"""Snakemake's messages on the terminal: one line when a training starts and one when it ends.

Snakemake's own messages list all files of each job. Its log file still has them.
"""

from __future__ import annotations

import logging
import re
import textwrap
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, TextIO

from tickets.monitoring.eta import GATHERED, TimeEstimate, in_words
from tickets.names import TRAINING

Record = Mapping[str, Any]

TRAININGS: Mapping[str, Callable[[Mapping[str, str]], str]] = {
    "train": lambda w: TRAINING.format(**w),
    "gather": lambda w: GATHERED + TRAINING.format(**w),
    "theta_i": lambda w: f"theta_i/{w['task']}/rewind-{w['rewind']}/seed-{w['seed']}",
    "pretrain": lambda _: "pretrain",
    "adapt": lambda _: "adapt",
}
"""The rules that train, and the name of each training."""

SILENT_EVENTS = {"group_info", "job_started", "resources_info", "shellcmd", "workflow_started"}
"""Events whose content another line has."""

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
"""First words of messages that come with every run or job."""

REPEATED = (
    "Exiting because a job execution failed",
    "RuleException:\nCalledProcessError",
    "Shutting down",
    "WorkflowError:\nAt least one job did not complete successfully",
)
"""First words of messages that only repeat our line on a failed job."""

_LISTS = re.compile("(Missing output files|Input files updated by another job): [^;]*")
_CODE = re.compile(
    r"Params have changed since last execution: [^;]*"
    r": before: code \w{64} now: code \w{64} ?(?=;|$)"
)
_FAULT = re.compile(r"(error|[\w.]*Error): ")
_STOPPED = re.compile(r"error: (interrupted$|training: stopped by )|KeyboardInterrupt$")
REASON_LENGTH = 100  # characters; a reason may list hundreds of files


class LogHandler(logging.StreamHandler[TextIO]):
    """Prints at most one line a message, without colours.

    `fallback` formats the messages that are printed as Snakemake words them. `dry`: in a dry run
    every job is printed. `fault`: whether a job has failed with an error that comes again unless
    something is corrected.
    """

    def __init__(self, stream: TextIO, fallback: logging.Formatter | None, *, dry: bool) -> None:
        super().__init__(stream)
        self.setFormatter(fallback)
        self._dry = dry
        self._names: dict[int, str] = {}
        self._waiting: set[str] = set()
        self._all = self._percent = 0
        self._at_once = 1
        self._estimate: TimeEstimate | None = None
        self.fault = False

    def begin(self, trainings: Collection[str], estimate: TimeEstimate, at_once: int) -> None:
        """Count down `trainings`, of which `at_once` run at a time."""
        self._waiting, self._all = set(trainings), len(trainings)
        self._estimate, self._at_once = estimate, at_once

    def emit(self, record: logging.LogRecord) -> None:
        """Print a message's line, if it has one; a study goes on if nobody reads it any more."""
        try:
            if text := self.format(record):
                self.stream.write(f"{text}\n")
                self.flush()
        except OSError:
            self.handleError(record)

    def format(self, record: logging.LogRecord) -> str:
        """The text of a message; empty for one that is not printed."""
        about, event = record.__dict__, getattr(record, "event", None)
        if event == "job_info":
            return self._started(about)
        if event == "job_finished":
            return self._finished(about["job_id"])
        if event == "progress":
            return self._progress(about["done"], about["total"])
        if event == "job_error":
            return self._failed(_name(about), about["log"], about["rule_msg"], about["indent"])
        if event == "group_error":  # its jobs follow, each with an event of its own
            return self._failed(f"submission {about['groupid']}", about["aux_logs"])
        if event in SILENT_EVENTS or (event == "run_info" and not self._dry):
            return ""
        if event in (None, "error") and str(record.msg).startswith((*NOISE, *REPEATED)):
            return ""
        return super().format(record)

    def _started(self, job: Record) -> str:
        rule = job["rule_name"]
        if self._dry:
            reason = _CODE.sub("Its code has changed", _LISTS.sub(r"\1", job["reason"]))
            reason = textwrap.shorten(reason, REASON_LENGTH, placeholder=" ...")
            return f"{_name(job)}: {reason}"
        if rule not in TRAININGS:
            return ""
        name = self._names[job["jobid"]] = TRAININGS[rule](job["wildcards"])
        return f"training {name}"

    def _finished(self, job: int) -> str:
        name = self._names.get(job, "")
        if name not in self._waiting or self._estimate is None:
            return ""
        self._waiting.remove(name)
        seconds = self._estimate.add(name)
        took = "" if seconds is None else f" in {seconds:,.0f} s"
        done = f"{self._all - len(self._waiting):,} of {self._all:,} trainings"
        left = self._estimate.left(self._waiting, self._at_once)
        rest = "" if left is None or not self._waiting else f", {in_words(left)} left"
        return f"trained  {name}{took}; {done}{rest}"

    def _failed(
        self, name: str, logs: Iterable[str], message: str | None = None, in_group: bool = False
    ) -> str:
        """A failed job, the executor's message on it, and the last line of each of its logs.

        In a group only one job is at fault, and some never began: those without a log are left out.
        """
        ends = [(log, end) for log in logs if (end := _last_line(Path(log)))]
        if in_group and not ends:
            return ""
        stopped = any(_STOPPED.match(end) for _, end in ends)
        self.fault |= not stopped and any(_FAULT.match(end) for _, end in ends)
        log_end = "its log ends with" if ends else "its log says nothing"
        lines = [f"{'stopped' if stopped else 'failed'}: {name}; {log_end}"]
        lines += [message] if message else []
        return "\n    ".join([*lines, *(line for log, end in ends for line in (end, f"({log})"))])

    def _progress(self, done: int, total: int) -> str:
        """A line for each twentieth of all jobs."""
        percent = 20 * done // total * 5
        if self._dry or percent == self._percent:
            return ""
        self._percent = percent
        return f"{percent} %: {done:,} of {total:,} jobs"


def replace_handler(logger: logging.Logger, *, dry: bool) -> LogHandler | None:
    """Replace Snakemake's own terminal handler by a `LogHandler`; None if it has none."""
    for handler in logger.handlers:
        if handler.name == "DefaultStreamHandler" and isinstance(handler, logging.StreamHandler):
            ours = LogHandler(handler.stream, handler.formatter, dry=dry)
            ours.filters = handler.filters
            logger.removeHandler(handler)
            logger.addHandler(ours)
            return ours
    return None


def _name(job: Record) -> str:
    """A job's rule and the first file that it makes."""
    return " ".join([job["rule_name"], *job["output"][:1]])


def _last_line(log: Path) -> str:
    """The last line of a log that is not blank; empty without one."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
