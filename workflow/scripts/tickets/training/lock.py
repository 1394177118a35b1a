"""A lock that lets one attempt at a training run at a time.

A cluster may start a second attempt while the first still runs: when its scheduler loses sight of a
node or moves a preempted job, or when a new Snakemake replaces a killed one. Both would write the
same checkpoints and outputs. The later attempt waits instead; then it resumes from the last
checkpoint, or stops if the outputs are complete.
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
ROOT = "checkpoints"  # the folder of all trainings' checkpoints; no folder above it is removed


@contextmanager
def exclusive(folder: Path) -> Generator[bool]:
    """Keep other attempts at the training with checkpoints in `folder` waiting until the block
    ends. Yields whether this attempt itself had to wait.

    The system frees the lock of a killed attempt; a file server frees that of a lost node (NFS,
    or Lustre mounted with `flock`). At the end `folder` is removed if it is empty, and so are its
    empty parents, up to the one named `checkpoints`.
    """
    lock, waited = _acquire(folder)
    try:
        yield waited
    finally:
        (folder / LOCK).unlink(missing_ok=True)
        os.close(lock)
        _remove_empty(folder)


def already_done(
    *outputs: Path, code: str, parameters: Mapping[str, Any], dependencies: Mapping[str, Path]
) -> bool:
    """Whether another attempt has written all `outputs` from the same parameters and dependencies,
    by code of the same meaning (the digest `code`).
    """
    done = all(
        provenance.is_up_to_date(path, code=code, parameters=parameters, dependencies=dependencies)
        for path in outputs
    )
    if done:
        print("the other attempt has ended this training", file=sys.stderr)
    return done


def _acquire(folder: Path) -> tuple[int, bool]:
    """Lock the file `attempt` in `folder`; its descriptor, and whether this had to wait.

    Once locked, the file must still be the one with that name: its last owner may have removed it.
    """
    path, waited = folder / LOCK, False
    while True:
        # A training that ends may remove the empty folder between any two of these steps.
        with suppress(FileNotFoundError, FileExistsError):
            folder.mkdir(parents=True, exist_ok=True)
            lock = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o666)
            waited |= _wait(lock, path)
            if path.exists() and os.path.samestat(os.fstat(lock), path.stat()):
                os.ftruncate(lock, 0)
                os.pwrite(lock, _describe_process().encode(), 0)
                return lock, waited
            os.close(lock)


def _wait(lock: int, path: Path) -> bool:
    """Take the lock; returns whether another attempt held it."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        other = os.pread(lock, 200, 0).decode(errors="replace")
        print(f"waiting for another attempt at this training ({other})", file=sys.stderr)
        fcntl.flock(lock, fcntl.LOCK_EX)
        return True
    except OSError as error:
        reason = f"{path}: this file system does not support locks ({error.strerror})"
        print(f"{reason}; do not run two attempts at one training at once", file=sys.stderr)
    return False


def _describe_process() -> str:
    job = os.environ.get("SLURM_JOB_ID")
    return f"process {os.getpid()} on {os.uname().nodename}" + (f", SLURM job {job}" if job else "")


def _remove_empty(folder: Path) -> None:
    folders = [folder, *folder.parents]
    names = [path.name for path in folders]
    for path in folders[: names.index(ROOT) + 1 if ROOT in names else 1]:
        try:
            path.rmdir()
        except FileNotFoundError:
            continue  # another training has removed it
        except OSError:
            return  # it holds checkpoints, of this training or another
