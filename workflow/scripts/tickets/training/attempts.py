"""One attempt at a training at a time: a cluster may start a second while the first still runs.

A scheduler that loses sight of a node, or gives a preempted job to another one, starts a training
again; so does a Snakemake that takes the place of a killed one. Both attempts would write the same
checkpoints and outputs; the later one waits instead, and then goes on from where the earlier one
got to, or finds its work done.
"""

from __future__ import annotations

import fcntl
import os
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tickets import provenance

LOCK = "attempt"
ROOT = "checkpoints"  # the folder of all trainings' checkpoints; nothing above it is removed


@contextmanager
def alone(folder: Path) -> Generator[bool]:
    """Within the block no other attempt runs at the training that has its checkpoints in `folder`;
    whether there was one to wait for.

    The system frees the lock of a killed attempt, and a file server that of a node it has lost
    (NFS; Lustre mounted with `flock`). At the end `folder` goes, if nothing else is in it, and so
    do the folders above it, up to the one named `checkpoints`.
    """
    lock, waited = _taken(folder)
    try:
        yield waited
    finally:
        (folder / LOCK).unlink(missing_ok=True)
        os.close(lock)
        _remove_empty(folder)


def did(
    *made: Path, code: str, parameters: Mapping[str, Any], dependencies: Mapping[str, Path]
) -> bool:
    """Whether the attempt that was waited for has made all of `made`, from what this one has, by
    code of the same meaning (the digest `code`).
    """
    found = all(
        provenance.came_from(path, code=code, parameters=parameters, dependencies=dependencies)
        for path in made
    )
    if found:
        print("the other attempt has ended this training", file=sys.stderr)
    return found


def _taken(folder: Path) -> tuple[int, bool]:
    """The open lock file, once it is this process's alone and still the one with that name; and
    whether that took waiting.
    """
    path, waited = folder / LOCK, False
    while True:
        # A training that ends may remove a folder still empty, between any two of these steps.
        with suppress(FileNotFoundError, FileExistsError):
            folder.mkdir(parents=True, exist_ok=True)
            lock = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o666)
            waited |= _wait(lock, path)
            if path.exists() and os.path.samestat(os.fstat(lock), path.stat()):
                os.ftruncate(lock, 0)
                os.pwrite(lock, _name().encode(), 0)
                return lock, waited
            os.close(lock)


def _wait(lock: int, path: Path) -> bool:
    """Take the lock; whether another attempt had it."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        other = os.pread(lock, 200, 0).decode(errors="replace")
        print(f"waiting for another attempt at this training ({other})", file=sys.stderr)
        fcntl.flock(lock, fcntl.LOCK_EX)
        return True
    except OSError as error:
        reason = f"{path}: this file system knows no locks ({error.strerror})"
        print(f"{reason}; do not let two attempts at one training overlap", file=sys.stderr)
    return False


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
