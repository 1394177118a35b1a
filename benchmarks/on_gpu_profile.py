"""What takes a step's time: its longest kernels, and how gradients of embeddings are added up."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.profiler import ProfilerActivity, profile

import engine_device
import engine_ours
from engine_job import EngineJob
from tickets.model import device
from tickets.model.layers import add_rows

KERNELS = 16
TABLES = ((2, 8192), (512, 512), (512, 8192), (12000, 512), (30522, 8192))
"""Rows of a table of embeddings, and tokens."""
WIDTH = 768


def kernels(job: EngineJob) -> dict[str, Any]:
    """The device's milliseconds in a step, and of its longest kernels: their names, their
    milliseconds and their number in a step.
    """
    gpu = torch.cuda.is_available()
    kind = ProfilerActivity.CUDA if gpu else ProfilerActivity.CPU
    profiler = profile(activities=[kind], acc_events=True)

    def reached(step: int) -> None:
        if step in (job.warm, job.total):
            engine_device.wait()
            (profiler.start if step == job.warm else profiler.stop)()

    engine_ours.run(job, engine_ours.Watch(reached))
    figure = "self_device_time_total" if gpu else "self_cpu_time_total"  # microseconds
    found = sorted(
        ((getattr(each, figure) / 1000 / job.steps, each) for each in profiler.key_averages()),
        key=lambda pair: -pair[0],
    )
    return {
        "milliseconds": sum(time for time, _ in found),
        "kernels": [
            [each.key[:80], time, each.count / job.steps] for time, each in found[:KERNELS]
        ],
    }


def embedding_gradients(job: EngineJob) -> dict[str, Any]:
    """The microseconds of two ways to add up gradients of embeddings, as part of a graph: for each
    of `TABLES` rows, tokens, `index_add_`, ours.
    """
    device.prepare(job.threads)
    rows: list[list[float]] = []
    for size, tokens in TABLES:
        # As in texts, a few words occur often; so does padding.
        drawn = (np.random.default_rng(1).zipf(1.2, tokens) - 1) % size
        index = torch.from_numpy(drawn).to(device.best_device())
        gradients = torch.randn(tokens, WIDTH, device=index.device, dtype=torch.bfloat16)
        table = torch.zeros(size, WIDTH, device=index.device)
        ways = (
            lambda t=table, i=index, g=gradients: t.index_add_(0, i, g.float()),
            lambda t=table, i=index, g=gradients: add_rows(t, i, g),
        )
        times = [1e6 * engine_device.seconds_in_graph(way) for way in ways]
        rows.append([size, tokens, *times])
    return {"tables": rows}
