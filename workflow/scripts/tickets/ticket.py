"""Ticket files: the digests of weights theta, of a mask m, and of their product m . theta.

A study has hundreds of tickets, each as large as the model. A ticket's file therefore only names
its parts; every training computes m . theta again, and stops if its digest differs.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from tickets import masks, provenance, weights
from tickets.errors import BadInput, Tampered
from tickets.files import canonical_json, sha256, write_bytes
from tickets.masks import Mask

FORMAT = "bert-tickets/ticket/v1"


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """theta, mask: the sha256 of each file; weights: `weights.digest` of m . theta."""

    theta: str
    mask: str
    weights: str


@dataclass(frozen=True, kw_only=True)
class Start:
    """The start of a training: the weights m . theta, and the mask m."""

    weights: dict[str, NDArray[Any]]
    mask: Mask


def write(path: Path, theta: Path, mask: Path) -> Mask:
    """Write the ticket of two files and return the mask; the caller writes the statement.

    Raises:
        BadInput: the mask is for another model, or a file is not of its kind.
        Tampered: a file differs from its statement.
    """
    start, ticket = _rewind(theta, mask)
    write_bytes(path, to_bytes(ticket))
    return start.mask


def read(path: Path, theta: Path, mask: Path, *, freeze: bool = False) -> Start:
    """Compute the weights of the ticket at `path` from its two files.

    With `freeze` the ticket is the dense one: the weights are theta, and the mask says only which
    of them are trained.

    Raises:
        BadInput: the mask is for another model, or a file is not of its kind.
        Tampered: the ticket names other files than these two, or a file differs from its statement.
    """
    start, ticket = _rewind(theta, mask, freeze=freeze)
    if provenance.read(path) != to_bytes(ticket):
        raise Tampered(
            f"{path}: not the ticket of {theta} under {mask}; delete it to have it made again"
        )
    return start


def _rewind(theta: Path, mask: Path, *, freeze: bool = False) -> tuple[Start, Ticket]:
    m = masks.read(mask)
    zeroing = masks.dense(m.prunable) if freeze else m
    start = Start(weights=weights.rewind(weights.read(theta), zeroing), mask=m)
    return start, Ticket(
        theta=provenance.subject_digest(theta),
        mask=sha256(masks.to_bytes(zeroing)),  # equal masks are equal files
        weights=weights.digest(start.weights),
    )


def to_bytes(ticket: Ticket) -> bytes:
    """The ticket's only encoding: canonical JSON and a newline."""
    return canonical_json({"format": FORMAT, **asdict(ticket)}) + b"\n"


def from_bytes(data: bytes, origin: str) -> Ticket:
    """The ticket in `data`; `origin` names the file in errors.

    Raises:
        BadInput: the bytes are not exactly what `to_bytes` returns for a ticket.
    """
    try:
        fields = json.loads(data)
        ticket = Ticket(**{name: str(fields[name]) for name in ("theta", "mask", "weights")})
        if to_bytes(ticket) == data:
            return ticket
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    raise BadInput(f"{origin}: not a ticket as {FORMAT} is written")
