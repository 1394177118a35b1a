"""Measure how fast this machine trains a study's model, in some seconds.

Prints `tokens_per_second` as a study's configuration takes it, for the plan's hours and what a
cluster's jobs ask for, and the seconds that each training takes beside its steps to start. The
model has to be on this machine; its weights and the texts are drawn.

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
    """Print it.

    Raises:
        BadInput: a file is no configuration, or the study's model is not on this machine.
    """
    begin = time.monotonic()
    # What a training imports: most of the time that it takes to start.
    from tickets.training import quick_torch  # isort: skip
    from tickets.design import config, strict_yaml
    from tickets.monitoring.calibration import tokens_per_second

    quick_torch.collect_again()
    start = time.monotonic() - begin
    speed = tokens_per_second(config.load(strict_yaml.merged(flags.config)))
    print(f"tokens_per_second: {speed:.0f}")
    print(f"seconds_to_start: {start:.1f}")
    return 0
