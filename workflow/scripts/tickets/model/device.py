"""The device that a training runs on, and what makes its bits the same run after run."""

from __future__ import annotations

import os

import torch


def best_device() -> torch.device:
    """The GPU that this process sees, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def products(precision: str) -> torch.dtype:
    """The type that products are taken in: bfloat16 where it is asked for and the device has it.

    A processor without its instructions would take several times as long as in float32.
    """
    if precision == "float32":
        return torch.float32
    if torch.cuda.is_available():
        has_it = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        has_it = any(torch.cpu.get_capabilities().get(f"{kind}_bf16") for kind in ("avx512", "amx"))
    return torch.bfloat16 if has_it else torch.float32


def prepare(threads: int) -> None:
    """Set the threads of a CPU, and refuse every operation whose result varies."""
    torch.set_num_threads(threads)
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.set_deterministic_debug_mode("error")  # its twin imports torch._inductor: two seconds
    # Sums of products stay float32 where a GPU's kernel splits them.
    torch.backends.cuda.matmul.allow_bf16_reduced_precision_reduction = False
    # Nothing here reads memory before it is written, so that it need not be filled first.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
