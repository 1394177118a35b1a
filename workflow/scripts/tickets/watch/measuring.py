"""How fast this machine trains, found out before anything is trained."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

LONGEST = 60
"""Seconds after which a measurement is given up."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What `tickets calibrate` found: of one training, while nothing else runs."""

    tokens_per_second: float
    seconds_to_start: float


def measured(config: Mapping[str, Any]) -> Measured | None:
    """Call `tickets calibrate`, which imports torch, for a configuration; None where it fails: a
    study runs without an estimate.
    """
    package = str(Path(__file__).parents[2])
    known = os.environ.get("PYTHONPATH")
    try:
        done = subprocess.run(
            [sys.executable, "-m", "tickets.cli", "calibrate", "/dev/stdin"],
            input=yaml.safe_dump(dict(config)),
            env=os.environ | {"PYTHONPATH": f"{package}:{known}" if known else package},
            capture_output=True,
            text=True,
            check=True,
            timeout=LONGEST,
        )
        return Measured(**yaml.safe_load(done.stdout))
    except (OSError, subprocess.SubprocessError, yaml.YAMLError, TypeError):
        return None
