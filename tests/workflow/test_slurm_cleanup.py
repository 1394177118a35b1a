"""The cluster of tests/slurm is gone when its process is ended by a signal, without SLURM here."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

SLURM = Path(__file__).parents[1] / "slurm"
PROGRAM = """
import os, subprocess, sys, time
from pathlib import Path
import cluster

folder, link, when = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
cluster.LINK = link

def boot(self):
    link.symlink_to(folder / "slurm.conf")
    self._start("sleep", "600")
    environment = os.environ | {"SLURM_CONF": f"{folder}/slurm.conf"}
    unknown = subprocess.Popen(["sleep", "600"], env=environment, start_new_session=True)
    print(self._daemons["sleep"].pid, unknown.pid)
    if when == "while it boots":
        wait()

def wait():
    print("ready", flush=True)
    time.sleep(600)

cluster.Cluster.boot = boot
with cluster.cluster(folder, accounting=False):
    if when == "after replacing the link":
        link.unlink()
        link.symlink_to("another.conf")
    wait()
"""


def lives(number: int) -> bool:
    """Whether a process has not ended; one that nobody waited for has."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{number}/status").read_text()
    except FileNotFoundError:
        return False


def started(
    folder: Path, link: Path, when: str, disposition: tuple[int, signal.Handlers]
) -> tuple[subprocess.Popen[str], list[int]]:
    """A process with a cluster in `folder`, and the numbers of two daemons, of which it knows the
    first; `disposition` is how it finds a signal handled.
    """
    folder.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, folder, link, when],
        cwd=SLURM,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        preexec_fn=lambda: signal.signal(*disposition),
    )
    assert process.stdout is not None
    daemons = [int(number) for number in process.stdout.readline().split()]
    assert process.stdout.readline() == "ready\n"
    assert [lives(number) for number in daemons] == [True, True]
    return process, daemons


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize("when", ["while it boots", "while it runs", "after replacing the link"])
def test_a_signal_takes_the_cluster_down(tmp_path: Path, number: int, when: str) -> None:
    """Its daemons, what these started, its folder, and its link: but only if that is its own."""
    folder, link = tmp_path / "cluster", tmp_path / "slurm.conf"
    process, daemons = started(folder, link, when, (number, signal.SIG_DFL))

    process.send_signal(number)

    assert process.wait(30) != 0
    assert not any(map(lives, daemons))
    assert not folder.exists()
    assert link.is_symlink() == (when == "after replacing the link")


def test_a_signal_that_is_ignored_stays_so(tmp_path: Path) -> None:
    """As after `nohup`: the cluster goes on."""
    folder, link = tmp_path / "cluster", tmp_path / "slurm.conf"
    process, daemons = started(folder, link, "while it runs", (signal.SIGHUP, signal.SIG_IGN))

    process.send_signal(signal.SIGHUP)

    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(1)
    assert all(map(lives, daemons))
    process.terminate()
    assert process.wait(30) != 0
    assert not any(map(lives, daemons))
    assert not link.is_symlink()
