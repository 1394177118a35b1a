"""Ctrl-C while a study runs: nothing that was trained is trained again."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from studies import change, clone, configuration, planned, snakemake

TRAINING = "theta_0/dense/on-mlm/seed-1"
PREDICTIONS = f"results/predictions/{TRAINING}.parquet"
LOG = f"results/logs/trainings/{TRAINING}.log"
STEPS = 400


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory, clone_prepared: Callable[[Path], Path]) -> Path:
    """The miniature with a training of some seconds, which has not begun."""
    folder = clone_prepared(tmp_path_factory.mktemp("whole"))
    tasks = configuration(folder)["tasks"]
    tasks["mlm"]["steps"] = STEPS
    change(folder, {"tasks": tasks})
    return folder


@pytest.fixture
def folder(study: Path, tmp_path: Path) -> Path:
    """The same again."""
    return clone(study, tmp_path)


@pytest.fixture(scope="module")
def expected(study: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The predictions of a training that nothing interrupts."""
    folder = clone(study, tmp_path_factory.mktemp("expected"))
    done = snakemake(folder, "--cores", "1", "--", PREDICTIONS)
    assert done.returncode == 0, done.stdout
    return (folder / PREDICTIONS).read_bytes()


def interrupted(folder: Path, *, alone: bool, log: str = f"/{STEPS}") -> str:
    """What a run says if SIGINT comes when the training's log has the text `log`: to Snakemake
    alone, or to all of its group, as a terminal sends it.
    """
    command = [sys.executable, "-m", "snakemake", "--configfile", "config/mini.yaml"]
    with subprocess.Popen(
        [*command, "--cores", "1", "--", PREDICTIONS],
        cwd=folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as run:
        while not ((folder / LOG).exists() and log in (folder / LOG).read_text()):
            assert run.poll() is None
            time.sleep(0.05)
        (os.kill if alone else os.killpg)(run.pid, signal.SIGINT)
        said, _ = run.communicate(timeout=300)
    assert run.returncode == 1, said
    return said


def test_ctrl_c_stops_the_training_which_goes_on_later(folder: Path, expected: bytes) -> None:
    """It saves its state, and says so; the same command ends with the same bits."""
    said = interrupted(folder, alone=False)

    assert f"stopped: train {PREDICTIONS}" in said
    assert "stopped by SIGINT after step" in said
    assert "Give the same command again: it goes on from here." in said
    assert "Traceback" not in said
    assert not (folder / PREDICTIONS).exists()
    done = snakemake(folder, "--cores", "1", "--", PREDICTIONS)
    assert done.returncode == 0, done.stdout
    assert "resumed at step" in (folder / LOG).read_text()
    assert (folder / PREDICTIONS).read_bytes() == expected


def test_ctrl_c_before_the_first_step_is_no_error(folder: Path, expected: bytes) -> None:
    """While the training's libraries are loaded: nothing is there to save."""
    said = interrupted(folder, alone=False, log="")

    # Python may not have begun to run, and then says nothing.
    assert re.search(f"(stopped|failed): train {PREDICTIONS}", said)
    assert "it goes on from here." in said
    assert "Traceback" not in said
    done = snakemake(folder, "--cores", "1", "--", PREDICTIONS)
    assert done.returncode == 0, done.stdout
    assert (folder / PREDICTIONS).read_bytes() == expected


def test_a_training_that_ends_after_snakemake_was_stopped_counts(
    folder: Path, expected: bytes
) -> None:
    """SIGINT to Snakemake alone: it waits for the training, which is not run again."""
    said = interrupted(folder, alone=True)

    assert "stopped: train" not in said
    assert (folder / PREDICTIONS).read_bytes() == expected
    assert planned(folder, PREDICTIONS) == {}
