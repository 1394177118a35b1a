"""Of two attempts at one training the later waits, whatever becomes of the earlier."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest

from tickets.training.lock import LOCK, exclusive

PROGRAM = """
import sys
from pathlib import Path
from typing import IO
from tickets.training.lock import exclusive
with exclusive(Path(sys.argv[1])):
    print("in", flush=True)
    sys.stdin.readline()
"""
SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"


def attempt(folder: Path) -> subprocess.Popen[str]:
    """Another process that is alone until it reads a line."""
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(folder)],
        cwd=SCRIPTS,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def line(pipe: IO[str] | None) -> str:
    assert pipe is not None
    return pipe.readline().strip()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "checkpoints" / "theta_0" / "seed-1"


@pytest.mark.parametrize("ends", ["by itself", "killed"])
def test_the_later_one_waits(folder: Path, ends: str) -> None:
    """And is told for whom; a killed process holds no lock."""
    first = attempt(folder)
    assert line(first.stdout) == "in"
    second = attempt(folder)
    said = line(second.stderr)

    assert said.startswith(f"waiting for another attempt at this training (process {first.pid} on ")
    assert second.poll() is None
    if ends == "killed":
        first.send_signal(signal.SIGKILL)
    first.communicate("go\n" if ends == "by itself" else None)
    assert line(second.stdout) == "in"
    second.communicate("go\n")
    assert second.returncode == 0
    assert not folder.parents[1].exists()


def test_three_take_turns(folder: Path) -> None:
    """One that waited at a lock file which is gone does not run beside one that found a new one."""
    first = attempt(folder)
    assert line(first.stdout) == "in"
    waiting = [attempt(folder) for _ in range(2)]
    assert all("waiting" in line(each.stderr) for each in waiting)
    first.communicate("go\n")
    for each in waiting:
        assert each.stdin is not None
        each.stdin.write("go\n")
        each.stdin.flush()

    with exclusive(folder):
        assert f"process {os.getpid()} " in (folder / LOCK).read_text()
    assert [each.wait(60) for each in waiting] == [0, 0]
    assert not folder.exists()


def test_checkpoints_stay(folder: Path) -> None:
    """Only what is empty goes."""
    with exclusive(folder) as waited:
        assert not waited
        (folder / "step-00000001.safetensors").write_bytes(b"")

    assert [path.name for path in folder.iterdir()] == ["step-00000001.safetensors"]
