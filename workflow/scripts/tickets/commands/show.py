"""Say what a mask is: its parameters, exact count, and sparsity by matrix.

tickets show results/masks/oneshot/sparsity-70.safetensors
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tickets import masks, provenance


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the command's flags."""
    parser.add_argument("mask", type=Path, help="a file under results/masks")


def run(flags: argparse.Namespace) -> int:
    """Print it."""
    mask = masks.read(flags.mask)
    stated = provenance.statement(flags.mask)
    for name, value in {"rule": stated.rule, **stated.parameters}.items():
        print(f"{name}: {value}")
    print(f"digest: {mask.digest}")
    print(f"pruned: {mask.pruned:,} of {mask.prunable.size:,} ({float(mask.sparsity):.4%})")
    for name in mask.kept:
        print(f"  {float(mask.sparsity_of(name)):8.2%}  {name}")
    return 0
