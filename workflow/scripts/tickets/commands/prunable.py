"""Print a model's prunable set: matrices and their shapes.

Of a file of weights, of a model's directory, or of a hub id with its --revision.

Examples:
    tickets prunable results/weights/theta_0.safetensors
"""

from __future__ import annotations

import argparse
from pathlib import Path

from safetensors import SafetensorError, safe_open

from tickets import provenance, weights
from tickets.errors import BadInput
from tickets.prunable import PrunableSet, prunable_set

POSITION = 100


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the command's flags."""
    parser.add_argument("model", help="a model's directory, its hub id, or a file of weights")
    parser.add_argument("--revision", help="commit of a hub id: 40 hexadecimal digits")


def run(flags: argparse.Namespace) -> int:
    """Print the prunable set.

    Raises:
        BadInput: no model is there, or the file is a mask, which has bytes under the names of
            matrices.
    """
    file = Path(flags.model)
    print(_of_file(file) if file.is_file() else _of_model(flags.model, flags.revision))
    return 0


def _of_file(file: Path) -> PrunableSet:
    if provenance.statement_path(file).exists():
        provenance.read(file)  # compares them
    if (file.parent / "config.json").is_file():
        return _of_model(str(file.parent), None)  # names in its file may have a prefix
    try:
        with safe_open(file, "numpy") as tensors:
            slices = {name: tensors.get_slice(name) for name in tensors.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise BadInput(f"{file}: not a file of weights ({error})") from None
    prunable = prunable_set({name: tuple(each.get_shape()) for name, each in slices.items()})
    if any(slices[name].get_dtype() == "U8" for name in prunable.shapes):
        raise BadInput(f"{file}: a mask, not weights; `tickets show` describes it")
    return prunable


def _of_model(path: str, revision: str | None) -> PrunableSet:
    from tickets.data.sources import model_directory
    from tickets.initial import pretrained  # torch and transformers take seconds

    return weights.prunable_of(pretrained.read(model_directory(path, revision, {})))
