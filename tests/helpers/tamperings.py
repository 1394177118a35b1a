"""The tamper table: what can be done to a study's files, and what the audit has to say to it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors.numpy import load, save

from forgery import dependency, facts, restate, spread
from tickets import masks
from tickets.files import sha256
from tickets.provenance import statement_path

FIRST = "masks/imp/acceptability/rewind-0/seed-1/sparsity-10.safetensors"
SECOND = "masks/imp/acceptability/rewind-0/seed-1/sparsity-20.safetensors"
OTHER_SEED = "masks/imp/acceptability/rewind-0/seed-2/sparsity-10.safetensors"
OTHER_TASK = "masks/imp/mlm/rewind-0/seed-1/sparsity-10.safetensors"
RANDOM = "masks/random/seed-1/sparsity-20.safetensors"
TICKET = "tickets/theta_0/dense.json"
WINNING = "masks/imp/mlm/rewind-0/seed-1/winning.safetensors"
THETA = "weights/theta_0.safetensors"
DATA = "data/acceptability/validation.parquet"
SCORES = "metrics/transfer.parquet"
CSV = "tables/transfer.csv"
TRAINED = "trained/theta_0/dense/on-acceptability/seed-1.safetensors"
MAJORITY = "predictions/majority/on-acceptability.parquet"
PRETRAINED = "pretrained/model.safetensors"
PREDICTIONS = "predictions/theta_0/dense/on-acceptability/seed-1.parquet"
SWEEP = f"predictions/theta_0/{FIRST[6:-12]}/on-acceptability/seed-1.parquet"


@dataclass(frozen=True, kw_only=True)
class Tampering:
    """One row: `do` changes a study at its root; `code` is then found at `path`."""

    fault: str
    what: str
    code: str
    path: str
    do: Callable[[Path], None]

    @property
    def name(self) -> str:
        """For the test's name."""
        return self.what.replace(" ", "-").replace(",", "")


TABLE: list[Tampering] = []


def tampering(fault: str, what: str, code: str, path: str = FIRST) -> Callable[[Any], Any]:
    """Put a function into the table."""

    def add(do: Callable[[Path], None]) -> Callable[[Path], None]:
        row = Tampering(fault=fault, what=what, code=code, path=path, do=do)
        TABLE.append(row)
        return do

    return add


def changed(value: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    return lambda root: (root / FIRST).write_bytes(value((root / FIRST).read_bytes())) and None


def restated(value: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    """The same, and a statement that fits."""
    return lambda root: restate(root / FIRST, value((root / FIRST).read_bytes()))


def edited(edit: Callable[[Any], Any], path: str = FIRST) -> Callable[[Path], None]:
    return lambda root: restate(root / path, edit=edit)


def raw(value: Callable[[bytes], bytes], path: str = FIRST) -> Callable[[Path], None]:
    """The statement's bytes changed."""

    def do(root: Path) -> None:
        statement = statement_path(root / path)
        statement.write_bytes(value(statement.read_bytes()))

    return do


def rewritten(root: Path) -> None:
    """Give the study another theta_0 and let every statement say so: nothing contradicts it."""
    old = [sha256((root / THETA).read_bytes()), sha256(statement_path(root / THETA).read_bytes())]
    theta = load((root / THETA).read_bytes())
    theta["embeddings.LayerNorm.bias"][0] += 1
    restate(root / THETA, save(theta))
    new = [sha256((root / THETA).read_bytes()), sha256(statement_path(root / THETA).read_bytes())]
    spread(root, dict(zip(old, new, strict=True)))


class Exploding:
    """Leaves a file behind if it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> Any:
        return Path.touch, (self.trace,)


def remask(root: Path, path: str, source: Path) -> None:
    """Put another mask's bits at `path`, with a statement of what the bits are."""
    data = source.read_bytes()
    found = masks.facts(masks.from_bytes(data, ""))
    restate(root / path, data, edit=lambda value: facts(value).update(found))


def set_parent(value: Any, role: str, file: Path) -> None:
    """Let a statement name another file in a role, and that one's statement."""
    for name, read in ((role, file), (f"{role}-statement", statement_path(file))):
        dependency(value, name)["digest"]["sha256"] = sha256(read.read_bytes())


def upper(digest: dict[str, str]) -> None:
    digest["sha256"] = digest["sha256"].upper()


def swap(one: Path, other: Path) -> None:
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)


def copy(root: Path, source: str, target: str) -> None:
    shutil.copyfile(root / source, root / target)
    shutil.copyfile(statement_path(root / source), statement_path(root / target))


def with_header(header: Any) -> bytes:
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text
