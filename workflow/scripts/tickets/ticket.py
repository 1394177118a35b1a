"""Ticket files: which weights start under which mask, and what m . theta comes to.

A study has hundreds of tickets, each as large as the model. So a ticket's file names what it is
made of, and every training puts it together again, and finds the same bits or stops.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from tickets import masks, provenance, weights
from tickets.errors import BadInput, Tampered
from tickets.files import canonical_json, write_bytes
from tickets.masks import Mask

FORMAT = "bert-tickets/ticket/v1"


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """theta, mask: the sha256 of either file; weights: `weights.digest` of m . theta."""

    theta: str
    mask: str
    weights: str


@dataclass(frozen=True, kw_only=True)
class Start:
    """What a training starts from: m . theta, and the mask m."""

    weights: dict[str, NDArray[Any]]
    mask: Mask


def write(path: Path, theta: Path, mask: Path) -> Mask:
    """Write the ticket of two files, and return the mask; its statement is the caller's to write.

    Raises:
        BadInput: the mask is for another model, or one of the two is no such file.
        Tampered: one of the two differs from its statement.
    """
    start, ticket = _rewound(theta, mask)
    write_bytes(path, to_bytes(ticket))
    return start.mask


def read(path: Path, theta: Path, mask: Path) -> Start:
    """Put the ticket at `path` together again, from the files that it was made of.

    Raises:
        BadInput: the mask is for another model, or one of the files is no such file.
        Tampered: the ticket is of other files than these two, or one differs from its statement.
    """
    start, ticket = _rewound(theta, mask)
    if provenance.read(path) != to_bytes(ticket):
        raise Tampered(
            f"{path}: not the ticket of {theta} under {mask}; delete it to have it made again"
        )
    return start


def _rewound(theta: Path, mask: Path) -> tuple[Start, Ticket]:
    m = masks.read(mask)
    start = Start(weights=weights.rewind(weights.read(theta), m), mask=m)
    return start, Ticket(
        theta=provenance.subject_digest(theta),
        mask=provenance.subject_digest(mask),
        weights=weights.digest(start.weights),
    )


def to_bytes(ticket: Ticket) -> bytes:
    """The only bytes that say this: canonical JSON and a line's end."""
    return canonical_json({"format": FORMAT, **asdict(ticket)}) + b"\n"


def from_bytes(data: bytes, origin: str) -> Ticket:
    """What the file `origin` says.

    Raises:
        BadInput: it is not exactly what `to_bytes` gives.
    """
    try:
        said = json.loads(data)
        ticket = Ticket(**{name: str(said[name]) for name in ("theta", "mask", "weights")})
        if to_bytes(ticket) == data:
            return ticket
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    raise BadInput(f"{origin}: not a ticket as {FORMAT} is written")
