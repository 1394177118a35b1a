"""What tables of masks are made of: masks of one model, each with what its path says it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from tickets.errors import BadInput
from tickets.masks import PackedMask, read_packed
from tickets.names import MaskName
from tickets.paths import parse_mask


def read_all(paths: Iterable[Path]) -> Iterator[tuple[MaskName, PackedMask]]:
    """Each mask, one at a time.

    Raises:
        BadInput: a path that is no mask's, or masks for different models.
        Tampered: a file that is not the one its statement speaks of.
    """
    first: tuple[Path, str] | None = None
    for path in paths:
        identity, packed = parse_mask(path), read_packed(path)
        digest = packed.prunable.digest
        first = first or (path, digest)
        if digest != first[1]:
            raise BadInput(f"{path}: for another model than {first[0]}; compare masks of one model")
        yield identity, packed
