"""Whether masks are those that the weights give which decided them, where these are still here.

Files that are missing or not what their statements say are left out: other checks name them.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass

from safetensors.numpy import load

from tickets import masks
from tickets.audit.findings import Files, Finding
from tickets.audit.places import place
from tickets.audit.verified_reads import Sources, is_intact
from tickets.errors import Tampered, TicketsError
from tickets.finders.pruning import SCOPES, magnitudes
from tickets.paths import parse_mask
from tickets.schedule import label, parse


@dataclass(frozen=True, kw_only=True)
class Pruning:
    """How a mask came about: paths relative to the results folder; no parent: all weights alive."""

    mask: str
    weights: str
    parent: str | None
    sparsity: str
    scope: str
    sources: Sources


def check(files: Files, pool: Executor | None = None) -> Iterator[Finding]:
    """Prune again wherever that can be done, in `pool` if there is one."""
    each = map if pool is None else pool.map
    yield from (found for found in each(compare, prunings(files)) if found is not None)


def prunings(files: Files) -> Iterator[Pruning]:
    """Every mask here whose deciding weights are here too: `keep_checkpoints`, or theta_0."""
    owners = {digest: path for path, digest in files.digests.items() if is_intact(files, path)}
    for path, stated in files.statements.items():
        where, weights = place(path), stated.dependencies.get("weights")
        if where is None or where.kind != "mask" or stated.rule != "prune" or weights is None:
            continue
        parent = stated.dependencies.get("parent")
        found = owners.get(weights.digest)
        before = None if parent is None else owners.get(parent.digest)
        sparsity = parse_mask(path).sparsity
        if found is None or (before is None) != (parent is None) or sparsity is None:
            continue
        if not is_intact(files, path):
            continue
        used = [path, found, *([] if before is None else [before])]
        yield Pruning(
            mask=path,
            weights=found,
            parent=before,
            sparsity=label(sparsity),
            scope=str(stated.parameters.get("scope", "global")),
            sources=Sources(root=files.root, digests={each: files.digests[each] for each in used}),
        )


def compare(pruning: Pruning) -> Finding | None:
    """Prune again, and compare bit by bit; may run in another process."""
    code, read = "wrong-mask", pruning.sources.read
    try:
        trained = load(read(pruning.weights))
        mask = masks.from_bytes(read(pruning.mask), pruning.mask)
        parent = masks.dense(mask.prunable)
        if pruning.parent is not None:
            parent = masks.from_bytes(read(pruning.parent), pruning.parent)
        prune = SCOPES[pruning.scope]
        found = prune(magnitudes(trained, mask.prunable), parent, parse(pruning.sparsity))
        if found.digest == mask.digest:
            return None
        message = f"pruned again, {pruning.weights} gives another mask ({found.digest})"
    except Tampered as error:
        code, message = error.code, str(error)
    except Exception as error:  # noqa: BLE001 - what makes no mask makes another one, whatever it is
        reason = str(error) if isinstance(error, TicketsError) else type(error).__name__
        message = f"cannot be made again from {pruning.weights} ({reason})"
    return Finding(path=pruning.mask, code=code, message=message)
