"""The environment of all jobs: which Python they call, and what it need not start."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def prepare_jobs() -> None:
    """Put this interpreter first on the PATH: the rules call `python`, and mean the one that runs
    Snakemake, activated or not.

    numpy's linear algebra gets one thread: no job uses it, and starting more takes a third of the
    time of a job that only prunes or rewinds.
    """
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
