"""Scan one folder: each file is read once, then hashed and parsed from the same bytes."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from tickets import masks, statements, ticket
from tickets.audit import schema_of_statements
from tickets.audit.findings import Finding
from tickets.audit.study_files import StudyFile, needs_statement, parse_path
from tickets.errors import BadInput, Tampered
from tickets.files import read_bytes, sha256
from tickets.finder import prunes_in_rounds
from tickets.masks import PackedMask
from tickets.prunable import prunable_set
from tickets.schedule import parse
from tickets.statements import SUFFIX, Statement

_ROUND = re.compile(r"(?P<finder>[^/]+)/.*/sparsity-[^/]*")

_NO_WEIGHTS = (
    *(ValueError, RecursionError, OverflowError, KeyError, TypeError, AttributeError),
    BadInput,
)
"""What is raised by a header that is not one of weights."""


@dataclass(frozen=True, kw_only=True)
class MaskSeen:
    """The digests of a mask's bits and of its prunable set, and by matrix how many weights are kept
    and its shape.
    """

    bits: str
    prunable: str
    kept: Mapping[str, int]
    shapes: Mapping[str, tuple[int, ...]]

    @property
    def sizes(self) -> dict[str, int]:
        """How many weights each matrix has."""
        return {name: math.prod(shape) for name, shape in self.shapes.items()}


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What one folder contains, by path relative to the results folder.

    prunable: the digest of the prunable set of each file of weights.
    """

    digests: dict[str, str]
    statements: dict[str, Statement]
    masks: dict[str, MaskSeen]
    prunable: dict[str, str]
    findings: list[Finding]


def scan_folder(root: Path, folder: str, names: Sequence[str]) -> Seen:
    """Read the files `names` of a folder; every fault becomes a finding."""
    seen = Seen(digests={}, statements={}, masks={}, prunable={}, findings=[])
    before: tuple[str, PackedMask] | None = None
    present = set(names)
    for name in sorted(present, key=_by_sparsity):
        path = f"{folder}/{name}" if folder else name
        if name.endswith(SUFFIX):
            if name.removesuffix(SUFFIX) not in present:
                message = "the file that it is about is not here; restore it, or delete both"
                seen.findings.append(Finding(path=path, code="missing-file", message=message))
            continue
        try:
            data = read_bytes(root / path)
        except Tampered as error:
            message = _relative(root, error)
            seen.findings.append(Finding(path=path, code=error.code, message=message))
            continue
        file = parse_path(path)
        seen.digests[path] = sha256(data)
        has_statement = name + SUFFIX in present
        seen.findings.extend(_check_statement(root, path, seen, has_statement, file))
        if file is None:
            continue
        if file.kind == "mask":
            packed = _read_mask(root, path, data, seen)
            match = _ROUND.fullmatch(file.parts["mask"])
            if packed is not None and match is not None and prunes_in_rounds(match["finder"]):
                seen.findings.extend(_check_nesting(path, packed, before))
                before = name, packed
        elif file.kind == "weights":
            _read_prunable_set(path, data, seen)
        elif file.kind == "ticket":
            seen.findings.extend(_check_ticket(path, data, seen.statements.get(path)))
    return seen


def _check_statement(
    root: Path, path: str, seen: Seen, has_statement: bool, file: StudyFile | None
) -> Iterator[Finding]:
    """Compare a file that was read with its statement."""
    if file is None:
        yield Finding(path=path, code="extra-file", message="no study makes it; delete it")
    if not has_statement:
        if file is not None and needs_statement(path):
            message = "it has no statement; restore it, or delete the file"
            yield Finding(path=path, code="missing-statement", message=message)
        return
    origin = path + SUFFIX
    try:
        data = read_bytes(root / origin)
        value = statements.load(data, origin)
        statement = statements.of(value, sha256(data), origin)
    except Tampered as error:
        yield Finding(path=path, code=error.code, message=_relative(root, error))
        return
    if problem := schema_of_statements.problem(value):
        yield Finding(path=path, code="bad-statement", message=problem)
    seen.statements[path] = statement
    name = path.rpartition("/")[2]
    if statement.name != name:
        message = f"the statement beside it is about {statement.name}"
        yield Finding(path=path, code="foreign-statement", message=message)
    if statement.digest != seen.digests[path]:
        message = f"its sha256 is {seen.digests[path]}, its statement says {statement.digest}"
        yield Finding(path=path, code="changed-file", message=message)


def _read_mask(root: Path, path: str, data: bytes, seen: Seen) -> PackedMask | None:
    try:
        packed = masks.packed_from_bytes(data, path)
    except BadInput as error:
        seen.findings.append(Finding(path=path, code="bad-mask", message=_relative(root, error)))
        return None
    kept = dict(zip(packed.bits, packed.kept.tolist(), strict=True))
    shapes = packed.prunable.shapes
    seen.masks[path] = MaskSeen(
        bits=packed.digest, prunable=packed.prunable.digest, kept=kept, shapes=shapes
    )
    return packed


def _check_nesting(
    path: str, mask: PackedMask, before: tuple[str, PackedMask] | None
) -> Iterator[Finding]:
    """Check that the round before kept every weight that this one keeps."""
    if before is None or before[1].prunable.digest != mask.prunable.digest:
        return
    restored = sum(
        int(np.bitwise_count(bits & ~before[1].bits[name]).sum(dtype=np.int64))
        for name, bits in mask.bits.items()
    )
    if restored:
        message = f"keeps {restored:,} weights that {before[0]} has pruned"
        yield Finding(path=path, code="not-nested", message=message)


def _read_prunable_set(path: str, data: bytes, seen: Seen) -> None:
    """Record the prunable set of a file of weights, from its header alone."""
    try:
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        shapes = {
            str(name): tuple(int(side) for side in tensor["shape"])
            for name, tensor in header.items()
            if name != "__metadata__"
        }
        seen.prunable[path] = prunable_set(shapes).digest
    except _NO_WEIGHTS as error:
        message = f"not a file of weights ({type(error).__name__}: {error})"
        seen.findings.append(Finding(path=path, code="wrong-matrices", message=message))


def _check_ticket(path: str, data: bytes, statement: Statement | None) -> Iterator[Finding]:
    """Check that a ticket refers to the files that its statement names."""
    try:
        content = ticket.from_bytes(data, path)
    except BadInput as error:
        yield Finding(path=path, code="bad-ticket", message=str(error))
        return
    recorded = {} if statement is None else statement.dependencies
    for role, digest in {"theta": content.theta, "mask": content.mask}.items():
        if role in recorded and recorded[role].digest != digest:
            message = f"its {role} ({digest}) is not the one that its statement names"
            yield Finding(path=path, code="bad-ticket", message=message)


def _by_sparsity(name: str) -> tuple[Fraction, str]:
    """A sort key: rounds in their order, everything else by name."""
    stem, _, rest = name.partition(".safetensors")
    label = stem.removeprefix("sparsity-")
    if label == stem or rest or not label.replace(".", "", 1).isdecimal():
        return Fraction(0), name
    return parse(label), name


def _relative(root: Path, error: Exception) -> str:
    """An error's message with paths relative to the results folder."""
    return str(error).replace(f"{root}/", "")
