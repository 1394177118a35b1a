"""One attempt at a training at a time: a cluster may start a second while the first still runs.

A scheduler that loses sight of a node, or gives a preempted job to another one, starts a training
again. Both attempts would write the same checkpoints and outputs; the later one waits instead, and
then goes on from where the earlier one got to.
"""

from __future__ import annotations

import fcntl
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

LOCK = "attempt"
ROOT = "checkpoints"  # the folder of all trainings' checkpoints; nothing above it is removed


@contextmanager
def alone(folder: Path) -> Generator[None]:
    """Within the block no other attempt runs at the training that has its checkpoints in `folder`.

    The system frees the lock of a killed attempt, and a file server that of a node it has lost
    (NFS; Lustre mounted with `flock`). At the end `folder` goes, if nothing else is in it, and so
    do the folders above it, up to the one named `checkpoints`.
    """
    lock = _taken(folder)
    try:
        yield
    finally:
        (folder / LOCK).unlink(missing_ok=True)
        os.close(lock)
        _remove_empty(folder)


def _taken(folder: Path) -> int:
    """The open lock file, once it is this process's alone and still the one with that name."""
    path = folder / LOCK
    while True:
        with suppress(FileNotFoundError):  # a training that ends may remove a folder still empty
            folder.mkdir(parents=True, exist_ok=True)
            lock = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o666)
            _wait(lock, path)
            if path.exists() and os.path.samestat(os.fstat(lock), path.stat()):
                os.ftruncate(lock, 0)
                os.pwrite(lock, _name().encode(), 0)
                return lock
            os.close(lock)


def _wait(lock: int, path: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        other = os.pread(lock, 200, 0).decode(errors="replace")
        print(f"waiting for another attempt at this training ({other})", file=sys.stderr)
        fcntl.flock(lock, fcntl.LOCK_EX)
    except OSError as error:
        reason = f"{path}: this file system knows no locks ({error.strerror})"
        print(f"{reason}; do not let two attempts at one training overlap", file=sys.stderr)


def _name() -> str:
    job = os.environ.get("SLURM_JOB_ID")
    return f"process {os.getpid()} on {os.uname().nodename}" + (f", SLURM job {job}" if job else "")


def _remove_empty(folder: Path) -> None:
    folders = [folder, *folder.parents]
    names = [each.name for each in folders]
    for each in folders[: names.index(ROOT) + 1 if ROOT in names else 1]:
        try:
            each.rmdir()
        except FileNotFoundError:
            continue  # another training that ended has removed it
        except OSError:
            return  # checkpoints are in it, of this training or another
