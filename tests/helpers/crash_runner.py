"""Runs of an entry point that end at a given moment; each is a fork of a process that has torch.

Called with the entry point, it reads an order a line, as JSON, and answers each with the status
the run ended with. An order is `flags`, where its `stderr` goes, and optionally `death`: what
happens (a signal, `half`, `full`) at which call (`count`) of what. `every` leaves out checkpoints.
"""

from __future__ import annotations

import errno
import json
import os
import runpy
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tickets.training.adamw import AdamW
from tickets.training.checkpoints import Checkpoints

MOMENTS: dict[str, tuple[Any, str]] = {
    "step": (AdamW, "step"),
    "save": (Checkpoints, "save"),
    "fsync": (os, "fsync"),
    "write": (Path, "write_bytes"),
    "unlink": (Path, "unlink"),
}


def kill(number: str) -> None:
    os.kill(os.getpid(), signal.Signals[number])


def half(path: Path, data: bytes) -> None:
    """A process killed while it writes."""
    with path.open("wb") as file:
        file.write(data[: len(data) // 2])
    kill("SIGKILL")


def full(path: Path, data: bytes) -> None:
    """A disk with room for one half."""
    with path.open("wb") as file:
        file.write(data[: len(data) // 2])
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def arm(*, at: str, count: int, what: str) -> None:
    """Let `what` happen when `at` is called for the `count`-th time, before the call itself."""
    owner, name = MOMENTS[at]
    real = getattr(owner, name)
    calls = 0

    def called(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == count:
            act: Callable[..., None] | None = {"half": half, "full": full}.get(what)
            if act:
                act(*arguments)
            else:
                kill(what)
        return real(*arguments, **named)

    setattr(owner, name, called)


def leave_out(every: int) -> None:
    """Let only the checkpoints of every so many steps be written."""
    save = Checkpoints.save

    def sometimes(self: Checkpoints, step: int, tensors: Any) -> None:
        if step % every == 0:
            save(self, step, tensors)

    Checkpoints.save = sometimes


def run(entry: str, flags: list[str], death: dict[str, Any] | None = None, every: int = 1) -> None:
    sys.argv = [entry, *flags]
    leave_out(every)
    if death:
        arm(**death)
    runpy.run_path(entry, run_name="__main__")


def forked(entry: str, order: dict[str, Any]) -> int:
    """The exit status of one run, a negative number where a signal ended it."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    status = 1
    try:
        os.dup2(os.open(order.pop("stderr"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
        run(entry, **order)
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001 - as the interpreter does at the end of a program
        traceback.print_exc()
    finally:
        os._exit(status)


if __name__ == "__main__":
    runpy.run_path(sys.argv[1])  # imports all that the runs need, and calls nothing
    for line in sys.stdin:
        print(forked(sys.argv[1], json.loads(line)), flush=True)
