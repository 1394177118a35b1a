"""What a training asks a cluster for."""

from __future__ import annotations

from typing import Any

import pytest

from tickets.design.allocation import Allocation
from tickets.design.config import load

MODEL = {
    "path": "google-bert/bert-base-uncased",
    "revision": "86b5e0934494bd15c9632b12f734a8a67f723594",
}


def allocation(**keys: Any) -> Allocation:
    return Allocation(load({"model": MODEL, "tasks": {"rte": {"steps": 1000}}} | keys))


def test_time_is_what_the_tokens_take_with_a_margin() -> None:
    """1,000 steps of 32 examples of 66.6 tokens, at 1,000 a second: 35.52 minutes."""
    asked = allocation(tokens_per_second=1000)

    assert asked.minutes("rte", 1) == 64  # 10 + 1.5 * 35.52 = 63.28
    assert asked.minutes("rte", 2) == 127
    assert asked.minutes("rte", 3) == 190


def test_time_is_long_where_nothing_is_known() -> None:
    assert allocation().minutes("rte", 1) == 240
    assert allocation().minutes("rte", 2) == 480


@pytest.mark.parametrize(
    ("gpu", "megabytes"),
    [
        (None, 13_762),  # 1,500 + 48 * 109.48 + 0.02 * 85.52 * 32 * 128
        ("any", 9_256),  # 4,000 + 48 * 109.48
    ],
)
def test_memory_is_that_of_the_weights_and_without_a_gpu_of_a_batch(
    gpu: str | None, megabytes: int
) -> None:
    assert allocation(gpu=gpu).megabytes("rte", 1) == megabytes
    assert allocation(gpu=gpu).megabytes("rte", 2) == pytest.approx(2 * megabytes, abs=1)


def test_a_gpu_is_asked_for_by_its_kind() -> None:
    """As snakemake-executor-plugin-slurm reads it."""
    assert allocation().gpu == {}
    assert allocation(gpu="any").gpu == {"gpu": 1}
    assert allocation(gpu="a100").gpu == {"gpu": 1, "gpu_model": "a100"}
