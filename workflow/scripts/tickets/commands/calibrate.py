"""Measure how fast this machine trains a study's model; it takes some seconds.

Prints `tokens_per_second`, a key of the configuration that the plan's hours and the run times of a
cluster's jobs are estimated from, and the seconds that a training takes to start. The model has to
be on this machine; weights and texts are random.

Examples:
    tickets calibrate config/config.yaml
    srun --gpus 1 tickets calibrate config/paper.yaml
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

POSITION = 30


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the command's flags."""
    parser.add_argument("config", type=Path, nargs="+", help="a study's configuration (YAML)")


def run(flags: argparse.Namespace) -> int:
    """Print both numbers.

    Raises:
        BadInput: the configuration is invalid, or the model is not on this machine.
    """
    begin = time.monotonic()
    # The imports are most of the time that a training takes to start.
    from tickets.training import quick_torch  # isort: skip
    from tickets.design import config, strict_yaml
    from tickets.monitoring.calibration import tokens_per_second

    quick_torch.collect_again()
    start = time.monotonic() - begin
    speed = tokens_per_second(config.load(strict_yaml.merged(flags.config)))
    print(f"tokens_per_second: {speed:.0f}")
    print(f"seconds_to_start: {start:.1f}")
    return 0
