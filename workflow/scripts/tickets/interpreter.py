"""The rules call `python`, and mean the one that runs Snakemake, activated or not."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def prefer_this_python() -> None:
    """Put this interpreter's folder first on the PATH of all jobs."""
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
