"""The device that a training runs on, and the settings that make its results reproducible."""

from __future__ import annotations

import os

import torch


def best_device() -> torch.device:
    """The GPU that this process sees, or else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def product_dtype(precision: str) -> torch.dtype:
    """The type of activations: bfloat16 if `precision` asks for it and the device has it.

    A processor without bfloat16 instructions would take several times as long as in float32.
    """
    if precision == "float32":
        return torch.float32
    if torch.cuda.is_available():
        supported = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        processor = torch.cpu.get_capabilities()
        supported = any(processor.get(f"{unit}_bf16") for unit in ("avx512", "amx"))
    return torch.bfloat16 if supported else torch.float32


def prepare(threads: int) -> None:
    """Set the number of CPU threads, and refuse every operation whose result varies."""
    torch.set_num_threads(threads)
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.set_deterministic_debug_mode("error")  # its twin imports torch._inductor: two seconds
    # A GPU's kernel that splits a sum of products adds up the parts in float32.
    torch.backends.cuda.matmul.allow_bf16_reduced_precision_reduction = False
    # No operation here reads memory before it is written, so it need not be filled first.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
