"""Print a model's prunable set: matrices and their shapes.

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
    """Print the prunable set.

    Raises:
        BadInput: the file is a mask, which has bytes under the matrices' names.
    """
    tensors = weights.read(flags.weights)
    prunable = weights.prunable_of(tensors)
    if any(tensors[name].dtype == np.uint8 for name in prunable.shapes):
        raise BadInput(f"{flags.weights}: a mask, not weights; `tickets show` describes it")
    print(prunable)
    return 0
