r"""Export a mask as the published code's mask.pt, or a ticket as a Hugging Face model directory.

Examples:
    tickets export results/masks/oneshot/sparsity-70.safetensors --format pt --output mask.pt
    tickets export results/masks/oneshot/sparsity-70.safetensors --format hugging-face \
        --theta results/weights/theta_0.safetensors --model results/model --output ticket
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tickets import masks, provenance
from tickets.errors import BadInput
from tickets.exchange import hugging_face, interchange
from tickets.files import write_bytes

POSITION = 120


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the command's flags."""
    parser.add_argument("mask", type=Path, help="a file under results/masks")
    parser.add_argument(
        "--format", required=True, choices=["pt", "hugging-face"], help="format of the output"
    )
    parser.add_argument("--theta", type=Path, help="hugging-face: the weights to prune")
    parser.add_argument("--model", type=Path, help="hugging-face: the study's results/model")
    parser.add_argument("--output", type=Path, required=True, help="file or new folder to write")


def run(flags: argparse.Namespace) -> int:
    """Write the export, with a statement.

    Raises:
        BadInput: --theta and --model are missing, or present for --format pt.
    """
    count = (flags.theta is not None) + (flags.model is not None)
    if count != (2 if flags.format == "hugging-face" else 0):
        raise BadInput("export: --format hugging-face needs --theta and --model, --format pt none")
    if flags.format == "hugging-face":
        hugging_face.export(flags.mask, flags.theta, flags.model, flags.output)
    else:
        _export_pt(flags.mask, flags.output)
    print(f"{flags.output}: written")
    return 0


def _export_pt(path: Path, output: Path) -> None:
    started = provenance.now()
    mask = masks.read(path)
    write_bytes(output, interchange.to_pt(mask))
    provenance.write(
        output,
        rule="export",
        parameters={"format": "pt"},
        dependencies={"mask": path},
        facts=masks.facts(mask),
        started=started,
    )
