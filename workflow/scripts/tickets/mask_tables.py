"""What the commands that make tables of masks share: which masks they read, and how they write."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from tickets import files, provenance
from tickets.errors import BadInput
from tickets.masks import Packed, read_packed
from tickets.paths import MaskId, parse_mask


def add_masks(parser: argparse.ArgumentParser) -> None:
    """Add the flags that say which masks are wanted."""
    parser.add_argument("--results", type=Path, required=True, help="the study's results folder")
    parser.add_argument(
        "--masks",
        type=Path,
        nargs="+",
        required=True,
        help="mask files in it; the table has sources in the order in which they come first here",
    )


def read_all(flags: argparse.Namespace) -> Iterator[tuple[MaskId, Packed]]:
    """Each mask with what its path says it is, one at a time.

    Raises:
        BadInput: a path that is no mask's or not in the results folder, or masks for different
            models.
        Tampered: a file that is not the one its statement speaks of.
    """
    first: tuple[Path, str] | None = None
    for path in flags.masks:
        if not path.is_relative_to(flags.results):
            raise BadInput(f"--masks {path}: not in the results folder {flags.results}")
        identity, packed = parse_mask(path), read_packed(path)
        digest = packed.prunable.digest
        first = first or (path, digest)
        if digest != first[1]:
            raise BadInput(f"{path}: for another model than {first[0]}; compare masks of one model")
        yield identity, packed


def write(
    outputs: Mapping[Path, bytes], *, rule: str, flags: argparse.Namespace, started: datetime
) -> None:
    """Write every output with a statement that names the masks by their place in the results."""
    for path, content in outputs.items():
        files.write_bytes(path, content)
    provenance.write(
        *outputs,
        rule=rule,
        parameters={},
        dependencies={str(path.relative_to(flags.results)): path for path in flags.masks},
        started=started,
    )
