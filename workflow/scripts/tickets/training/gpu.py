"""Which GPU a job takes: Snakemake counts jobs, but it gives none a device."""

from __future__ import annotations

import fcntl
import os
import sys
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch

WAIT = 1.0  # seconds between two looks for a free place


@contextmanager
def reserved(sharing: int) -> Generator[None]:
    """Within the block this process sees one GPU of those it may use, and no more than `sharing`
    jobs of this host see the same one; without a GPU nothing happens.

    To be entered before CUDA is first used. Places are locked files in the host's temporary
    folder: the system frees those of a killed job.
    """
    devices = visible()
    if not devices:
        yield
        return
    device, lock = _taken(devices, sharing)
    os.environ["CUDA_VISIBLE_DEVICES"] = device
    try:
        yield
    finally:
        os.close(lock)


def visible() -> Sequence[str]:
    """The GPUs that this process may use, as CUDA_VISIBLE_DEVICES names them."""
    count = torch.cuda.device_count()
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    return named.split(",")[:count] if named else [str(number) for number in range(count)]


def _taken(devices: Sequence[str], sharing: int) -> tuple[str, int]:
    """A GPU with a free place, the emptiest first, and the place's lock."""
    folder = Path(tempfile.gettempdir()) / f"tickets-gpu-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    said = False
    while True:
        for place in range(sharing):
            for device in devices:
                lock = os.open(folder / f"{device}-{place}", os.O_CREAT | os.O_RDWR, 0o600)
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    os.close(lock)
                else:
                    return device, lock
        if not said:
            print(f"waiting for one of {len(devices)} GPUs, {sharing} jobs each", file=sys.stderr)
            said = True
        time.sleep(WAIT)
