r"""Import the published code's mask.pt as a mask of this project, with a statement.

Examples:
    tickets import mask.pt --theta results/weights/theta_0.safetensors \
        --output imported.safetensors
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tickets import masks, provenance, weights
from tickets.errors import Tampered
from tickets.exchange import interchange
from tickets.files import read_bytes, sha256

POSITION = 110


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the command's flags."""
    parser.add_argument("mask", type=Path, help="a dict of ..._mask tensors, saved by torch")
    parser.add_argument(
        "--theta",
        type=Path,
        required=True,
        help="weights of the mask's model: results/weights/theta_0.safetensors",
    )
    parser.add_argument("--output", type=Path, required=True, help="mask file to write")


def run(flags: argparse.Namespace) -> int:
    """Write the mask and its statement.

    Raises:
        Tampered: the imported file changed while it was read.
    """
    started = provenance.now()
    has_statement = provenance.statement_path(flags.mask).exists()  # if `tickets export` wrote it
    data = provenance.read(flags.mask) if has_statement else read_bytes(flags.mask)
    prunable = weights.prunable_of(weights.read(flags.theta))
    mask = interchange.from_pt(data, prunable, str(flags.mask))
    masks.write(flags.output, mask)
    provenance.write(
        flags.output,
        rule="import",
        parameters={"finder": "imported", "format": "pt"},
        dependencies={"imported": flags.mask, "theta_0": flags.theta},
        facts=masks.facts(mask),
        started=started,
    )
    if provenance.statement(flags.output).dependencies["imported"].digest != sha256(data):
        raise Tampered(
            f"{flags.mask}: it changed while it was read; import it again", "changed-meanwhile"
        )
    print(f"{flags.output}: {mask.pruned:,} of {prunable.size:,} pruned")
    return 0
