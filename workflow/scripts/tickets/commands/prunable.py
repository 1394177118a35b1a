"""Print a model's prunable set: its matrices and their shapes.

Examples:
    tickets prunable results/weights/theta_0.safetensors
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from tickets import weights
from tickets.errors import BadInput

POSITION = 100


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the command's flags."""
    parser.add_argument("weights", type=Path, help="results/weights/theta_0.safetensors")


def run(flags: argparse.Namespace) -> int:
    """Print it.

    Raises:
        BadInput: a mask, whose file has bytes under the matrices' names.
    """
    tensors = weights.read(flags.weights)
    prunable = weights.prunable_of(tensors)
    if any(tensors[name].dtype == np.uint8 for name in prunable.shapes):
        raise BadInput(f"{flags.weights}: a mask, not weights; `tickets show` says what it is")
    print(prunable)
    return 0
