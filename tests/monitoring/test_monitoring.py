"""What a user sees while a study runs: messages as lines, the plan, and how far it is."""

from __future__ import annotations

import io
import json
import logging
import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tickets.design.config import Study, load
from tickets.errors import BadInput
from tickets.monitoring import banner
from tickets.monitoring.eta import TimeEstimate, in_words
from tickets.monitoring.log_handler import LogHandler, replace_handler
from tickets.monitoring.running import finished, running

REVISION = "86b5e0934494bd15c9632b12f734a8a67f723594"
DENSE = "theta_0/dense/on-rte/seed-1"
WILDCARDS = {
    **{"weights": "theta_0", "mask": "dense", "meaning": ""},
    **{"task": "rte", "seed": "1", "order": ""},
}
LATER = "theta_i/rte/rewind-25/seed-1/dense/on-rte/seed-1"
ON_MLM = "theta_0/dense/on-mlm/seed-1"


def study(folder: Path, **values: Any) -> Study:
    """RTE: 3 epochs of 2490 examples of 66.6 tokens. MLM: 10 steps of 16 x 512."""
    tasks = {"rte": None, "mlm": {"steps": 10}}
    model = {"path": "google-bert/bert-base-uncased", "revision": REVISION}
    return load({"model": model, "tasks": tasks, "results": str(folder)} | values)


def took(folder: Path, training: str, seconds: float, *, among: str = "trainings") -> None:
    file = folder / "benchmarks" / among / f"{training}.jsonl"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"s": seconds, "max_rss": 1.0}) + "\n")


def test_nothing_is_known_before_anything_is_trained(tmp_path: Path) -> None:
    """No time is invented; and none is needed where nothing waits."""
    estimate = TimeEstimate(study(tmp_path))

    assert estimate.left([DENSE], 1) is None
    assert estimate.left([], 1) == 0
    assert banner.start_message("results", 2, [DENSE], estimate, 1) == (
        "results: 2 trainings, 1 done, 1 to do\n"
        "time: known when the first trainings are finished (`tickets calibrate` measures it)\n"
        "progress of each: tickets progress results"
    )


def test_a_stated_throughput_is_taken_until_there_is_a_measured_one(tmp_path: Path) -> None:
    """Tokens over tokens a second; of a training from 25 % three quarters, of theta_i a quarter."""
    found = study(tmp_path, tokens_per_second=100)
    whole = round(3 * 2490 * 66.6) / 100

    estimate = TimeEstimate(found)

    assert estimate.left([DENSE], 1) == pytest.approx(whole)
    assert estimate.left([LATER], 1) == pytest.approx(0.75 * whole)
    assert estimate.left([f"movement/{LATER}"], 1) == pytest.approx(0.75 * whole)
    assert estimate.left(["theta_i/rte/rewind-25/seed-1"], 1) == pytest.approx(0.25 * whole)
    assert estimate.left([DENSE, ON_MLM], 4) == pytest.approx((whole + 10 * 16 * 512 / 100) / 4)
    assert "at tokens_per_second: 100" in banner.start_message("results", 1, [DENSE], estimate, 1)

    took(tmp_path, DENSE, 12)
    assert estimate.add(DENSE) == 12
    assert estimate.left([DENSE], 1) == 12


def test_what_is_finished_says_how_long_the_rest_takes(tmp_path: Path) -> None:
    """The median on the same task; on another one by its tokens; broken records are passed over."""
    for seed, seconds in ((1, 10), (2, 12), (3, 60)):
        took(tmp_path, f"theta_0/dense/on-rte/seed-{seed}", seconds)
    took(tmp_path, LATER.replace("/on-rte/seed-1", "/on-rte/seed-2"), 9)  # 12 s a whole one
    (tmp_path / "benchmarks/trainings/theta_0/dense/on-rte/seed-4.jsonl").write_text("{")
    took(tmp_path, "theta_0/dense/on-elsewhere/seed-1", 1000)
    took(tmp_path, "not/a/training", 1000)
    took(tmp_path, LATER.replace("rewind-25", "rewind-100"), 1000)  # of an earlier version

    estimate = TimeEstimate(study(tmp_path))

    assert estimate.left([DENSE] * 4, 2) == 4 * 12 / 2
    assert estimate.left([ON_MLM], 1) == pytest.approx(12 * 10 * 16 * 512 / round(3 * 2490 * 66.6))
    assert banner.start_message("r", 1_234, [DENSE] * 20, estimate, 2).splitlines()[:2] == [
        "r: 1,234 trainings, 1,214 done, 20 to do",
        "time: about 2 minutes with 2 at a time, estimated from 4 finished",
    ]


def test_movement_and_theta_i_are_measured_where_their_rules_say(tmp_path: Path) -> None:
    """A whole training of 40 s, and a quarter of one; what trains nothing is passed over."""
    gathering, theta_i = f"movement/{DENSE}", "theta_i/rte/rewind-25/seed-1"
    took(tmp_path, gathering, 40, among="")
    took(tmp_path, "data/rte", 1000, among="")
    estimate = TimeEstimate(study(tmp_path))
    assert estimate.left([DENSE], 1) == 40

    took(tmp_path, theta_i, 12, among="")

    assert estimate.add(theta_i) == 12
    assert estimate.left([DENSE], 1) == (40 + 4 * 12) / 2


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "less than a minute"),
        (31, "about 1 minute"),
        (444, "about 7 minutes"),
        (89 * 60, "about 89 minutes"),
        (91 * 60, "about 2 hours"),
        (35 * 3600, "about 35 hours"),
        (37 * 3600, "about 2 days"),
        (400 * 86400, "about 400 days"),
    ],
)
def test_a_time_is_said_in_one_unit(seconds: float, said: str) -> None:
    """No more exactly than it is known."""
    assert in_words(seconds) == said


class Terminal:
    """`LogHandler` as Snakemake calls it, and what it wrote."""

    def __init__(self, *, dry: bool = False) -> None:
        self.logger = logging.Logger("snakemake")
        handler = logging.StreamHandler(io.StringIO())
        handler.name = "DefaultStreamHandler"
        handler.addFilter(lambda record: record.__dict__.get("event") != "quiet")
        self.logger.addHandler(handler)
        self.stream = handler.stream
        handler = replace_handler(self.logger, dry=dry)
        assert isinstance(handler, LogHandler)
        self.handler = handler

    def event(self, event: str | None, message: str | None = None, **about: Any) -> str:
        before = len(self.stream.getvalue())
        level = logging.ERROR if event and "error" in event else logging.INFO
        self.logger.log(level, message, extra={"event": event, **about} if event else about)
        return self.stream.getvalue()[before:]

    def job(self, rule: str, job: int, wildcards: dict[str, str], output: str) -> str:
        listed = {"output": [output], "reason": "Missing output files: a, b; Code has changed"}
        return self.event(
            "job_info", "", rule_name=rule, jobid=job, wildcards=wildcards, log=[], **listed
        )


def test_a_training_is_said_when_it_starts_and_when_it_is_finished(tmp_path: Path) -> None:
    """With how many are done and the time left; other jobs are counted only."""
    terminal = Terminal()
    terminal.handler.begin([DENSE, ON_MLM], TimeEstimate(study(tmp_path, tokens_per_second=100)), 1)
    took(tmp_path, DENSE, 12)

    assert terminal.job("train", 5, WILDCARDS, "x") == f"training {DENSE}\n"
    assert terminal.job("prune", 6, {"task": "rte"}, "x") == ""
    assert terminal.event("job_finished", "Finished jobid: 6", job_id=6) == ""
    assert terminal.event("job_finished", "Finished jobid: 5", job_id=5) == (
        f"trained  {DENSE} in 12 s; 1 of 2 trainings, less than a minute left\n"
    )
    assert terminal.event("progress", done=4, total=100) == ""
    assert terminal.event("progress", done=1_005, total=20_000) == "5 %: 1,005 of 20,000 jobs\n"
    assert terminal.event("progress", done=1_006, total=20_000) == ""


def test_a_reader_who_goes_away_stops_no_study(monkeypatch: pytest.MonkeyPatch) -> None:
    """As `head` does when it has its lines: jobs go on, and so do messages."""
    terminal = Terminal()

    def write(_: str) -> int:
        raise BrokenPipeError

    with monkeypatch.context() as patch:
        patch.setattr(terminal.stream, "write", write)
        assert terminal.event(None, "one") == ""
    assert terminal.event(None, "two") == "two\n"


def test_a_dry_run_tells_changed_code_from_a_changed_configuration() -> None:
    """Both are parameters to Snakemake, which writes all their values."""
    terminal = Terminal(dry=True)

    def reason(before: str, now: str) -> str:
        values = f"before: {before} now: {now} "
        changed = f"Params have changed since last execution: Union of params: {values}"
        about = {"log": [], "output": ["x"], "reason": f"Missing output files: x; {changed}"}
        line = terminal.event("job_info", "", rule_name="prune", jobid=1, wildcards={}, **about)
        return line.partition("Missing output files; ")[2]

    one, other = (f"code {digit * 64}" for digit in "12")
    assert reason(one, other) == "Its code has changed\n"
    assert reason(f"'1',{one}", f"'2',{other}").startswith("Params have changed since last")
    assert reason("'1'", "'2'").startswith("Params have changed since last")


def test_what_each_job_and_each_run_says_is_left_out() -> None:
    """And nothing else: what Snakemake says beside it, and what is filtered, stays so."""
    terminal = Terminal()

    assert terminal.event("shellcmd", "python train.py") == ""
    assert terminal.event("run_info", "Job stats:") == ""
    assert terminal.event(None, "Select jobs to execute...") == ""
    assert terminal.event("error", "RuleException:\nCalledProcessError in file x") == ""
    assert (
        terminal.event("error", "LockException:\nError: locked")
        == "LockException:\nError: locked\n"
    )
    assert terminal.event(None, "Nothing to be done") == "Nothing to be done\n"
    assert terminal.event("quiet", "Nothing to be done") == ""
    assert "\x1b" not in terminal.stream.getvalue()


def test_a_dry_run_says_every_job_and_why() -> None:
    """A line each, without the files that it reads; and the number of jobs by rule."""
    terminal = Terminal(dry=True)

    assert terminal.job("prune", 6, {"task": "rte"}, "results/masks/m.safetensors") == (
        "prune results/masks/m.safetensors: Missing output files; Code has changed\n"
    )
    assert terminal.event("run_info", "Job stats:") == "Job stats:\n"


def test_what_failed_is_said_with_the_end_of_its_log(tmp_path: Path) -> None:
    """Of a group that a cluster was given, the jobs that have begun."""
    log, empty = tmp_path / "train.log", tmp_path / "empty.log"
    log.write_text("step 1\nerror: mask.safetensors: changed; restore it\n\n")
    empty.touch()
    failed: dict[str, Any] = {"rule_name": "train", "output": ["p.parquet", "q"], "rule_msg": None}
    end = f"    error: mask.safetensors: changed; restore it\n    ({log})\n"
    terminal = Terminal()

    def job(*logs: Path, in_group: bool = False, **about: Any) -> str:
        listed = [str(each) for each in logs]
        return terminal.event("job_error", "Error", log=listed, indent=in_group, **failed | about)

    assert job(log) == f"failed: train p.parquet; its log ends with\n{end}"
    assert job(empty) == "failed: train p.parquet; its log says nothing\n"
    assert job(empty, rule_msg="status OUT_OF_MEMORY") == (
        "failed: train p.parquet; its log says nothing\n    status OUT_OF_MEMORY\n"
    )
    assert job(empty, in_group=True) == ""
    assert job(log, in_group=True) == f"failed: train p.parquet; its log ends with\n{end}"
    group = terminal.event(
        "group_error", "Error", groupid="g", aux_logs=[str(log)], job_error_info=[]
    )
    assert group == f"failed: submission g; its log ends with\n{end}"


@pytest.mark.parametrize(
    ("end", "verb", "fault"),
    [
        ("error: a.tsv: line 3 has two columns; write three", "failed", True),
        ("KeyError: 'label'", "failed", True),
        ("torch.OutOfMemoryError: CUDA out of memory", "failed", True),
        ("error: training: stopped by SIGTERM after step 2 of 9; run it again", "stopped", False),
        ("error: interrupted", "stopped", False),
        ("KeyboardInterrupt", "stopped", False),
        ("x  step 3/9  loss 0.5", "failed", False),  # a lost node, or no memory
    ],
)
def test_a_fault_to_correct_is_told_from_a_stop(
    tmp_path: Path, end: str, verb: str, fault: bool
) -> None:
    """By the end of the job's log. What to do next depends on it."""
    log = tmp_path / "train.log"
    log.write_text(f"x  step 1/9  loss 0.6\n{end}\n")
    terminal = Terminal()
    about = {"rule_name": "train", "output": ["p"], "rule_msg": None, "indent": False}

    said = terminal.event("job_error", "Error", log=[str(log)], **about)

    assert said.startswith(f"{verb}: train p; its log ends with\n")
    assert terminal.handler.fault == fault
    advice = banner.unfinished_message(fault=fault)
    assert ("Correct what failed" in advice) == fault
    assert ("it goes on from here" in advice) != fault


def test_another_logger_is_left_alone() -> None:
    """A plugin that writes to the terminal has its own way."""
    assert replace_handler(logging.Logger("snakemake"), dry=False) is None


def test_what_trains_is_what_has_begun_and_made_nothing(tmp_path: Path) -> None:
    """The last report of each log, the latest first; what is finished is only counted."""
    now = time.time()
    logs = {
        f"trainings/{DENSE}": "r  step 30/30  loss 0.5\n",
        f"trainings/{ON_MLM}": "r  step 1/10  loss 0.7\nr  step 2/10  loss 0.6  0:00:08 left\n",
        f"trainings/{LATER}": "error: no memory\n",
        "theta_i/rte/rewind-25/seed-1": "r  resumed at step 5/30\n",
        f"movement/{LATER}": "r  step 7/30  loss 0.5\n",
        f"movement/{DENSE}": "r  step 30/30  loss 0.5\n",
        "adapt": "a  step 9/90  loss 2.5\nvalidation  step 9  mlm_loss 2.6\n",
        "pretrain": "p  step 90/90  loss 2.5\n",
        "prune": "",
    }
    for age, (name, text) in enumerate(logs.items()):
        file = tmp_path / f"logs/{name}.log"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        os.utime(file, (now - 1000 * age, now - 1000 * age))
    for made in (
        f"predictions/{DENSE}.parquet",
        "predictions/majority/on-rte.parquet",
        f"benchmarks/movement/{DENSE}.jsonl",
        "pretrained/model.safetensors",
    ):
        (tmp_path / made).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / made).touch()

    found = running(tmp_path)

    assert [(each.name, each.report) for each in found] == [
        (ON_MLM, "step 2/10  loss 0.6  0:00:08 left"),
        (LATER, "error: no memory"),
        ("theta_i/rte/rewind-25/seed-1", "resumed at step 5/30"),
        (f"movement/{LATER}", "step 7/30  loss 0.5"),
        ("adapt", "step 9/90  loss 2.5"),
    ]
    assert found[1].age > timedelta(seconds=1999)
    assert finished(tmp_path) == 1
    with pytest.raises(BadInput, match="no logs there"):
        running(tmp_path / "elsewhere")
