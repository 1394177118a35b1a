"""The device that a benchmark measures: all of the benchmarks' own calls of CUDA are here."""

from __future__ import annotations

import gc
import resource
from collections.abc import Callable
from typing import Any

import torch

from tickets.model.device import best_device

IN_A_GRAPH = 20  # times that a graph repeats what is timed in it


def name() -> str:
    """The GPU's name, or "CPU"."""
    return torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU"


def wait() -> None:
    """Wait until the device has done all that it was given; the first call starts CUDA."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def begin() -> None:
    """Give back memory that nothing uses, and measure peaks from here on."""
    gc.collect()  # a training's graphs refer to themselves
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


def peaks() -> dict[str, float]:
    """Peaks of memory in MiB: of this process on the host and, with a GPU, since `begin` in torch's
    tensors, and reserved by torch, graphs included.
    """
    peak = {"peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}  # from KiB
    if torch.cuda.is_available():
        peak["gpu_mib"] = torch.cuda.max_memory_allocated() / 2**20
        peak["gpu_reserved_mib"] = torch.cuda.max_memory_reserved() / 2**20
    return peak


def rates() -> dict[str, Any]:
    """The device's FLOP/s on a product of two square matrices, by precision, and its name."""
    device = best_device()
    size = 8192 if device.type == "cuda" else 2048  # a GPU needs a larger product to be busy
    result: dict[str, Any] = {"device": name(), "torch": torch.__version__}
    for precision, kind in (("float32", torch.float32), ("bf16", torch.bfloat16)):
        left, right = (torch.randn(size, size, device=device).to(kind) for _ in range(2))
        result[precision] = 2 * size**3 / seconds(lambda left=left, right=right: left @ right)
    return result


def seconds(work: Callable[[], Any]) -> float:
    """The median time of `work`."""
    from torch.utils.benchmark import Timer  # which no training imports

    timer = Timer("work()", globals={"work": work}, num_threads=torch.get_num_threads())
    return timer.blocked_autorange(min_run_time=0.1).median


def seconds_in_graph(work: Callable[[], Any]) -> float:
    """The time of `work` as a part of a CUDA graph; on a CPU without one."""
    if not torch.cuda.is_available():
        return seconds(work)
    work()  # lets kernels allocate what they keep
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for _ in range(IN_A_GRAPH):
            work()
    return seconds(graph.replay) / IN_A_GRAPH
