"""The device that a training runs on, and what makes its bits the same run after run."""

from __future__ import annotations

import os

import torch


def best_device() -> torch.device:
    """The GPU that this process sees, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def prepare(threads: int) -> None:
    """Set the threads of a CPU, and refuse every operation whose result varies."""
    torch.set_num_threads(threads)
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.set_deterministic_debug_mode("error")  # its twin imports torch._inductor: two seconds
    # Nothing here reads memory before it is written, so that it need not be filled first.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
