"""These tests boot a SLURM on this machine as root: only tests/slurm/run calls them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp

import pytest
from cluster import Cluster, cluster


def pytest_ignore_collect() -> bool | None:
    return None if os.environ.get("TICKETS_SLURM") else True


@pytest.fixture(scope="session", params=[False, True], ids=["plain", "accounting"])
def slurm(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """A cluster, without accounting or with slurmdbd."""
    folder = Path(mkdtemp(prefix="slurm-"))  # short: a socket's path has at most 107 characters
    with cluster(folder, accounting=request.param) as booted:
        yield booted


@pytest.fixture(autouse=True)
def no_job_left(slurm: Cluster) -> Iterator[None]:
    yield
    slurm.cancel_all()
