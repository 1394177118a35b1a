r"""Import a mask, with a statement: the published code's mask.pt, or a model's exact zeros.

With --from-zeros what is imported is anyone's pruned model: a folder with model.safetensors, in one
file or several, or one such file. Each tensor of floats with two or more dimensions becomes a
matrix of the mask, under its own name; a weight is pruned where it is exactly 0 (or -0). A zero
need not be a pruned weight: the embedding of a padding token is often zero, too. With --theta as
well the mask has only that model's prunable matrices, by their names in a study.

Examples:
    tickets import mask.pt --theta results/weights/theta_0.safetensors \
        --output imported.safetensors
    tickets import ticket --from-zeros --output zeros.safetensors
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tickets import masks, provenance, weights
from tickets.errors import BadInput, Tampered
from tickets.exchange import interchange, zeros
from tickets.files import read_bytes, sha256
from tickets.masks import Bits, Mask
from tickets.prunable import PrunableSet

POSITION = 110


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the command's flags."""
    parser.add_argument(
        "mask", type=Path, help="a dict of ..._mask tensors, saved by torch; or a model"
    )
    parser.add_argument(
        "--from-zeros", action="store_true", help="it is a model: the mask prunes its exact zeros"
    )
    parser.add_argument(
        "--theta",
        type=Path,
        help="weights of the mask's model, such as results/weights/theta_0.safetensors",
    )
    parser.add_argument("--output", type=Path, required=True, help="mask file to write")


def run(flags: argparse.Namespace) -> int:
    """Write the mask and its statement.

    Raises:
        BadInput: `mask` is not what it is said to be, or does not fit the model.
        Tampered: an imported file changed while it was read.
    """
    started = provenance.now()
    prunable = weights.prunable_of(weights.read(flags.theta)) if flags.theta else None
    mask, sources = (_of_zeros if flags.from_zeros else _of_pt)(flags.mask, prunable)
    masks.write(flags.output, mask)
    provenance.write(
        flags.output,
        rule="import",
        parameters={"finder": "imported", "format": "zeros" if flags.from_zeros else "pt"},
        dependencies={role: path for role, (path, _) in sources.items()}
        | ({"theta_0": flags.theta} if flags.theta else {}),
        facts=masks.facts(mask),
        started=started,
    )
    stated = provenance.statement(flags.output).dependencies
    for role, (path, digest) in sources.items():
        if stated[role].digest != digest:
            raise Tampered(
                f"{path}: it changed while it was read; import it again", "changed-meanwhile"
            )
    print(f"{flags.output}: {mask.pruned:,} of {mask.prunable.size:,} pruned")
    return 0


Sources = dict[str, tuple[Path, str]]
"""The imported files and the digests of what was read, by their roles in the statement."""


def _of_pt(path: Path, prunable: PrunableSet | None) -> tuple[Mask, Sources]:
    if prunable is None:
        raise BadInput(f"{path}: --theta is missing; name the weights of the mask's model")
    data = _read(path)
    return interchange.from_pt(data, prunable, str(path)), {"imported": (path, sha256(data))}


def _of_zeros(model: Path, prunable: PrunableSet | None) -> tuple[Mask, Sources]:
    kept: dict[str, Bits] = {}
    sources: Sources = {}
    for path in zeros.files(model):
        file = path.resolve() if path.is_symlink() else path  # as in the hub's cache
        data = _read(file)
        sources[f"imported/{path.name}"] = file, sha256(data)
        if path.name != zeros.INDEX:
            kept |= zeros.kept_in(data, str(path))
    if prunable is None:
        return zeros.mask_of(kept, str(model)), sources
    return zeros.mask_of_encoder(kept, prunable, str(model)), sources


def _read(path: Path) -> bytes:
    """The file's content, checked against its statement if `tickets export` wrote one."""
    has_statement = provenance.statement_path(path).exists()
    return provenance.read(path) if has_statement else read_bytes(path)
