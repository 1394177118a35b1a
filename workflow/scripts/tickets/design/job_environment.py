"""The environment of all jobs: their Python, and its use of threads and memory."""

from __future__ import annotations

import os
import sys
from pathlib import Path

SETTINGS = {
    # No job uses numpy's linear algebra, and starting its threads takes a third of a short job.
    "OPENBLAS_NUM_THREADS": "1",
    # glibc gives large blocks back to the system after each step, and takes them anew page by page.
    # Kept, a step of MLM with 30,522 word pieces takes half the CPU time (1.7 s instead of 3.7 s
    # for 8 steps of 32 texts of 128 tokens), and 600 MB more memory.
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": str(2**31 - 1),
}


def prepare_jobs() -> None:
    """Set the variables of `SETTINGS` that are not set, and put this interpreter first on the PATH,
    so that `python` in rules is the one that runs Snakemake.
    """
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
