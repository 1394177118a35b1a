"""Masks made again from the weights that decided them, where those are still here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from safetensors.numpy import load

from tickets import masks
from tickets.audit.findings import Files, Finding
from tickets.audit.places import place
from tickets.errors import TicketsError
from tickets.files import read_bytes
from tickets.paths import parse_mask
from tickets.pruning import SCOPES, magnitudes
from tickets.schedule import label, parse


@dataclass(frozen=True, kw_only=True)
class Pruning:
    """How a mask came about: paths relative to the results folder; no parent: all weights alive."""

    mask: str
    weights: str
    parent: str | None
    sparsity: str
    scope: str


def prunings(files: Files) -> Iterator[Pruning]:
    """Every mask here whose deciding weights are here too: `keep_checkpoints`, or theta_0."""
    owners = {digest: path for path, digest in files.digests.items()}
    for path, stated in files.statements.items():
        where, weights = place(path), stated.dependencies.get("weights")
        if where is None or where.kind != "mask" or stated.rule != "prune" or weights is None:
            continue
        parent = stated.dependencies.get("parent")
        found = owners.get(weights.digest)
        before = None if parent is None else owners.get(parent.digest)
        sparsity = parse_mask(path).sparsity
        scope = str(stated.parameters.get("scope", "global"))
        if found is None or (before is None) != (parent is None) or sparsity is None:
            continue
        yield Pruning(
            mask=path, weights=found, parent=before, sparsity=label(sparsity), scope=scope
        )


def differs(root: Path, pruning: Pruning) -> Finding | None:
    """Prune again, and compare bit by bit."""
    try:
        trained = load(read_bytes(root / pruning.weights))
        mask = masks.from_bytes(read_bytes(root / pruning.mask), pruning.mask)
        parent = masks.dense(mask.prunable)
        if pruning.parent is not None:
            parent = masks.from_bytes(read_bytes(root / pruning.parent), pruning.parent)
        prune = SCOPES[pruning.scope]
        found = prune(magnitudes(trained, mask.prunable), parent, parse(pruning.sparsity))
    except Exception as error:  # noqa: BLE001 - what makes no mask makes another one, whatever it is
        reason = str(error) if isinstance(error, TicketsError) else type(error).__name__
        message = f"cannot be made again from {pruning.weights} ({reason})"
        return Finding(path=pruning.mask, code="wrong-mask", message=message)
    if found.digest == mask.digest:
        return None
    message = f"pruned again, {pruning.weights} gives another mask ({found.digest})"
    return Finding(path=pruning.mask, code="wrong-mask", message=message)
