"""Print a model's prunable set: its matrices and their shapes.

tickets prunable results/weights/theta_0.safetensors
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tickets import weights


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the command's flags."""
    parser.add_argument("weights", type=Path, help="results/weights/theta_0.safetensors")


def run(flags: argparse.Namespace) -> int:
    """Print it."""
    print(weights.prunable_of(weights.read(flags.weights)))
    return 0
