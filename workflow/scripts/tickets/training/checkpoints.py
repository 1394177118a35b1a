"""Checkpoints of a training: files that are known by name to be whole, and by content to be its."""

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

KEPT = 2  # the newest, and one to go back to should the disk lose it
_DIGEST = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{20,}\b")


class Checkpoints:
    """The checkpoints of one training, in a folder of their own.

    The folder is not among the outputs that Snakemake knows: those it deletes when a job fails.
    `belongs` is JSON and says all that the bits of this training depend on; a checkpoint saved
    under anything else is refused. A file's name carries its step and the beginning of its
    digest, so that one which a crash or the disk has damaged is told by itself.
    """

    def __init__(self, folder: Path, belongs: Mapping[str, Any]) -> None:
        self._folder = folder
        self._belongs = belongs

    def latest(self) -> tuple[int, dict[str, NDArray[Any]]] | None:
        """Step and tensors of the newest whole checkpoint that belongs to this training.

        Each newer one that is passed over is named on stderr, with the reason.
        """
        for path in self._newest_first():
            data = _whole(path)
            if data is None:
                _say(path, "not whole; going back to the one before")
                continue
            header = _header(data)
            differences = list(_differences(header["belongs"], self._belongs))
            if differences:
                _say(path, f"of another training ({'; '.join(differences)}); not used")
                continue
            return int(header["step"]), load(data)
        return None

    def save(self, step: int, tensors: Mapping[str, NDArray[Any]]) -> None:
        """Add a checkpoint; once it is durable, all but it and the one before are deleted.

        Raises:
            CannotWrite: the system refuses; the checkpoints there are untouched.
        """
        header = canonical_json({"belongs": self._belongs, "step": step}).decode()
        # safetensors writes a transposed array in the wrong order; all metadata is one key
        # because it writes several in random order.
        ordered = {name: np.asarray(tensor, order="C") for name, tensor in tensors.items()}
        data = save(ordered, metadata={"checkpoint": header})
        path = self._folder / _name(step, data)
        self._tidy()
        write_bytes(path, data)
        found = self._newest_first()
        at = found.index(path)
        # What is newer than the checkpoint just written was refused, or was not whole.
        for other in found[:at] + found[at + KEPT :]:
            other.unlink(missing_ok=True)

    def remove(self) -> None:
        """Delete the checkpoints."""
        self._tidy()
        for path in self._newest_first():
            path.unlink(missing_ok=True)

    def _newest_first(self) -> list[Path]:
        return sorted(self._folder.glob("step-*.safetensors"), reverse=True)

    def _tidy(self) -> None:
        """Delete what writers left that were killed while they wrote."""
        for path in self._folder.glob(".step-*.tmp"):
            path.unlink(missing_ok=True)


def _name(step: int, data: bytes) -> str:
    return f"step-{step:08}-{sha256(data)[:16]}.safetensors"


def _whole(path: Path) -> bytes | None:
    """The bytes of a checkpoint, if they can be read and are those it is named after."""
    try:
        data = read_bytes(path)
    except (Tampered, OSError):
        return None
    return data if path.stem.rpartition("-")[2] == sha256(data)[:16] else None


def _header(data: bytes) -> dict[str, Any]:
    length = int.from_bytes(data[:8], "little")
    return json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["checkpoint"])


def _differences(then: Any, now: Any) -> Iterator[str]:
    """What differs between two values of `belongs`, a text for each key; digests shortened."""
    before, after = dict(_leaves(then)), dict(_leaves(now))
    for key in sorted(before.keys() | after.keys()):
        was, is_now = before.get(key, "absent"), after.get(key, "absent")
        if was != is_now:
            yield _DIGEST.sub(r"\1...", f"{key}: {was} then, {is_now} now")


def _leaves(value: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """The keys of nested mappings joined by dots, and each value as JSON."""
    if isinstance(value, Mapping) and value:
        for key, inner in cast(Mapping[str, Any], value).items():
            yield from _leaves(inner, f"{prefix}.{key}" if prefix else key)
    else:
        yield prefix, canonical_json(value).decode()


def _say(path: Path, problem: str) -> None:
    print(f"checkpoint {path}: {problem}", file=sys.stderr, flush=True)
