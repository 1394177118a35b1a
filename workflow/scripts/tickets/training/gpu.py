"""Choosing a job's GPU: Snakemake counts jobs but assigns no device."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch

from tickets.errors import BadInput

WAIT = 1.0  # seconds between two looks for a free place
ASSIGNED = ("SLURM_JOB_GPUS", "SLURM_STEP_GPUS")
"""Set where a scheduler has given this job its GPU."""


@contextmanager
def reserved(sharing: int) -> Generator[None]:
    """Within the block this process sees one of the GPUs that it may use; at most `sharing` jobs
    on this host see the same one. Does nothing without a GPU, or if a scheduler assigned one.

    Enter it before CUDA is first used. Places are locked files in the host's temporary folder; the
    system frees those of a killed job.

    Raises:
        BadInput: CUDA runs on a GPU other than the reserved one.
    """
    devices = [] if any(name in os.environ for name in ASSIGNED) else visible_gpus()
    if not devices:
        yield
        return
    device, lock = _take_place(devices, sharing)
    os.environ["CUDA_VISIBLE_DEVICES"] = device
    try:
        _check(device)
        yield
    finally:
        os.close(lock)


def visible_gpus() -> Sequence[str]:
    """The UUIDs of the GPUs that this process may use.

    nvidia-smi lists them: asking CUDA would start it, and bind it to the devices that it then saw.
    Numbers in CUDA_VISIBLE_DEVICES count in nvidia-smi's order.
    """
    query = ["nvidia-smi", "--query-gpu=uuid", "--format=csv,noheader"]
    try:
        answer = subprocess.run(query, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return []
    uuids = answer.split()
    names = os.environ.get("CUDA_VISIBLE_DEVICES")
    if names is None:
        return uuids
    chosen: list[str] = []
    for name in filter(None, names.split(",")):
        if not name.isdigit():
            chosen.append(next((uuid for uuid in uuids if uuid.startswith(name)), name))
        elif int(name) < len(uuids):
            chosen.append(uuids[int(name)])
    return chosen


def _check(device: str) -> None:
    """Refuse to train if CUDA had already started on another GPU than `device`."""
    if not device.startswith("GPU-") or not torch.cuda.is_available():
        return
    running = f"GPU-{torch.cuda.get_device_properties(0).uuid}"
    if running != device:
        raise BadInput(
            f"gpu: CUDA runs on {running} though {device} is reserved; set CUDA_VISIBLE_DEVICES to"
            " one GPU and run again"
        )


def _take_place(devices: Sequence[str], sharing: int) -> tuple[str, int]:
    """Lock a place on the emptiest GPU; returns the GPU's UUID and the lock's descriptor."""
    folder = Path(tempfile.gettempdir()) / f"tickets-gpu-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    announced = False
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
        if not announced:
            print(f"waiting for one of {len(devices)} GPUs, {sharing} jobs each", file=sys.stderr)
            announced = True
        time.sleep(WAIT)
