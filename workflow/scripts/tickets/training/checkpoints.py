"""Checkpoints of a training. A file's name proves that it is whole, its header whose it is."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from tickets.errors import Tampered
from tickets.files import canonical_json, read_bytes, sha256, write_bytes

KEPT = 2  # the newest, and the one before in case the disk damages it
_DIGEST = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{20,}\b")


class Checkpoints:
    """The checkpoints of one training, in a folder of their own.

    Snakemake does not know the folder as an output, because it deletes the outputs of a job that
    fails. `key` is JSON: all that the bits of this training depend on. A checkpoint saved under
    another key is not used. A file's name contains its step and the beginning of its digest, so
    that a file damaged by a crash or the disk is recognised.
    """

    def __init__(self, folder: Path, key: Mapping[str, Any]) -> None:
        self._folder = folder
        self._key = key

    def latest(self) -> tuple[int, dict[str, NDArray[Any]]] | None:
        """Step and tensors of this training's newest whole checkpoint; None if there is none.

        Prints each newer file that is not used to stderr, with the reason.
        """
        for path in self._newest_first():
            data = _read_whole(path)
            if data is None:
                _warn(path, "not whole; going back to the one before")
                continue
            header = _header(data)
            differences = list(_differences(header["belongs"], self._key))
            if differences:
                _warn(path, f"of another training ({'; '.join(differences)}); not used")
                continue
            return int(header["step"]), load(data)
        return None

    def save(self, step: int, tensors: Mapping[str, NDArray[Any]]) -> None:
        """Add a checkpoint; once it is on the disk, delete all but it and the one before.

        Raises:
            CannotWrite: the system refuses; the existing checkpoints are untouched.
        """
        header = canonical_json({"belongs": self._key, "step": step}).decode()
        # safetensors writes transposed arrays in the wrong order, and several metadata keys in
        # random order: hence one key.
        ordered = {name: np.asarray(tensor, order="C") for name, tensor in tensors.items()}
        data = save(ordered, metadata={"checkpoint": header})
        path = self._folder / _name(step, data)
        self._remove_temporary()
        write_bytes(path, data)
        paths = self._newest_first()
        place = paths.index(path)
        # Files of later steps were not whole, or of another training.
        for other in paths[:place] + paths[place + KEPT :]:
            other.unlink(missing_ok=True)

    def remove(self) -> None:
        """Delete all checkpoints."""
        self._remove_temporary()
        for path in self._newest_first():
            path.unlink(missing_ok=True)

    def _newest_first(self) -> list[Path]:
        return sorted(self._folder.glob("step-*.safetensors"), reverse=True)

    def _remove_temporary(self) -> None:
        """Delete the temporary files of writers that were killed."""
        for path in self._folder.glob(".step-*.tmp"):
            path.unlink(missing_ok=True)


def _name(step: int, data: bytes) -> str:
    return f"step-{step:08}-{sha256(data)[:16]}.safetensors"


def _read_whole(path: Path) -> bytes | None:
    """The bytes of a checkpoint; None if they cannot be read or do not match its name."""
    try:
        data = read_bytes(path)
    except (Tampered, OSError):
        return None
    return data if path.stem.rpartition("-")[2] == sha256(data)[:16] else None


def _header(data: bytes) -> dict[str, Any]:
    length = int.from_bytes(data[:8], "little")
    return json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["checkpoint"])


def _differences(then: Any, now: Any) -> Iterator[str]:
    """One text for each entry in which two keys of checkpoints differ; digests are shortened."""
    before, after = dict(_leaves(then)), dict(_leaves(now))
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key, "absent"), after.get(key, "absent")
        if old != new:
            yield _DIGEST.sub(r"\1...", f"{key}: {old} then, {new} now")


def _leaves(value: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """The leaves of nested mappings: their keys joined by dots, their values as JSON."""
    if isinstance(value, Mapping) and value:
        for key, inner in cast(Mapping[str, Any], value).items():
            yield from _leaves(inner, f"{prefix}.{key}" if prefix else key)
    else:
        yield prefix, canonical_json(value).decode()


def _warn(path: Path, problem: str) -> None:
    print(f"checkpoint {path}: {problem}", file=sys.stderr, flush=True)
