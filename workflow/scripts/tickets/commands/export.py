r"""Export a mask as mask.pt, a ticket as a Hugging Face model directory, or a training as a delta.

Examples:
    tickets export results/masks/oneshot/sparsity-70.safetensors --format pt --output mask.pt
    tickets export results/masks/oneshot/sparsity-70.safetensors --format hugging-face \
        --theta results/weights/theta_0.safetensors --model results/model --output ticket
    tickets export results/masks/random/seed-1/sparsity-70.safetensors --format delta \
        --theta results/weights/theta_0.safetensors --output delta.safetensors --trained \
        results/trained/theta_0/random/seed-1/sparsity-70/freeze/on-mlm/seed-1001.safetensors
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tickets import masks, provenance
from tickets.errors import BadInput
from tickets.exchange import delta, hugging_face, interchange
from tickets.files import write_bytes

POSITION = 120
NEEDS = {"pt": (), "hugging-face": ("theta", "model"), "delta": ("theta", "trained")}
"""The flags of each format."""


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the command's flags."""
    parser.add_argument("mask", type=Path, help="a file under results/masks")
    parser.add_argument("--format", required=True, choices=list(NEEDS), help="format of the output")
    parser.add_argument("--theta", type=Path, help="the weights to prune, or to freeze")
    parser.add_argument("--model", type=Path, help="hugging-face: the study's results/model")
    parser.add_argument("--trained", type=Path, help="delta: the end of a training that froze them")
    parser.add_argument("--output", type=Path, required=True, help="file or new folder to write")


def run(flags: argparse.Namespace) -> int:
    """Write the export, with a statement.

    Raises:
        BadInput: a flag of the format is missing, or one of another format is present.
    """
    given = {name for name in ("theta", "model", "trained") if getattr(flags, name) is not None}
    if given != set(NEEDS[flags.format]):
        needs = " and ".join(f"--{name}" for name in NEEDS[flags.format]) or "no other file"
        raise BadInput(f"export: --format {flags.format} needs {needs}")
    if flags.format == "delta":
        delta.export(flags.mask, flags.theta, flags.trained, flags.output)
    elif flags.format == "hugging-face":
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
