"""Print a mask's parameters, exact count, and sparsity by layer and kind of matrix.

The mask is first compared with its statement. That of a model whose matrices have other names than
an encoder's has a line for each matrix.

Examples:
    tickets show results/masks/oneshot/sparsity-70.safetensors
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

from tickets import masks, provenance
from tickets.history.ancestry import printable
from tickets.masks import PackedMask
from tickets.prunable import KINDS, is_prunable, place
from tickets.terminal import blocks

POSITION = 70

ALL = "all"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the command's flags."""
    parser.add_argument("mask", type=Path, help="a file under results/masks")


def run(flags: argparse.Namespace) -> int:
    """Print the description."""
    mask = masks.read_packed(flags.mask)
    statement = provenance.statement(flags.mask)
    for name, value in {"rule": statement.rule, **statement.parameters}.items():
        print(f"{name}: {value}")
    print(f"digest: {mask.digest}")
    is_encoder = all(map(is_prunable, mask.prunable.shapes))
    print("\n".join((table if is_encoder else by_matrix)(mask)))
    return 0


def table(mask: PackedMask) -> list[str]:
    """The pruned share of each matrix, layers down and kinds across; then the count."""
    pruned: dict[tuple[str, str], int] = {}
    sizes: dict[tuple[str, str], int] = {}
    for (name, shape), kept in zip(mask.prunable.shapes.items(), mask.kept, strict=True):
        layer, kind = place(name)
        size = math.prod(shape)
        for cell in ((layer, kind), (layer, ALL), (ALL, kind), (ALL, ALL)):
            sizes[cell] = sizes.get(cell, 0) + size
            pruned[cell] = pruned.get(cell, 0) + size - int(kept)
    layers = [*dict.fromkeys(layer for layer, _ in sizes if layer != ALL), ALL]
    kinds = [kind for kind in (*KINDS, ALL) if (ALL, kind) in sizes]
    columns = [
        [kind, *(_share(pruned.get((each, kind), 0), sizes.get((each, kind))) for each in layers)]
        for kind in kinds
    ]
    return [*blocks(["layer", *layers], columns), *_count(pruned[ALL, ALL], sizes[ALL, ALL])]


def by_matrix(mask: PackedMask) -> list[str]:
    """The pruned share of each matrix, by name, and its shape; then the count."""
    shapes = mask.prunable.shapes
    sizes = [math.prod(shape) for shape in shapes.values()]
    pruned = [size - int(kept) for size, kept in zip(sizes, mask.kept, strict=True)]
    shares = [_share(*each) for each in zip(pruned, sizes, strict=True)]
    lines = [
        f"{share:>7}  {name}  {' x '.join(map(str, shape))}"
        for share, (name, shape) in zip(shares, shapes.items(), strict=True)
    ]
    return ["", *map(printable, lines), *_count(sum(pruned), sum(sizes))]


def _count(pruned: int, size: int) -> list[str]:
    return ["", f"pruned: {pruned:,} of {size:,} ({pruned / size:.4%})"]


def _share(pruned: int, size: int | None) -> str:
    return "" if size is None else f"{pruned / size:.2%}"
