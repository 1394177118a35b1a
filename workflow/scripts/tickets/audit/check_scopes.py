"""Whether each mask prunes as the scope in its statement does: rows or groups alike, units whole.

A scope prunes the lowest scores. Where a mask's own bits are the scores, these are the weights that
it prunes: the scope gives the same mask again, if that prunes as many of each row or group, or as
many whole units, as its sparsity says, and another one if it does not. So no weights are needed,
and this covers masks by criteria that read data too. Global masks have no groups to count.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from tickets import axes, masks
from tickets.audit.findings import Files, Finding
from tickets.audit.study_files import parse_path
from tickets.audit.verified_reads import Sources, is_intact
from tickets.criterion import load_scope
from tickets.errors import BadInput, Tampered
from tickets.names import MaskName


@dataclass(frozen=True, kw_only=True)
class Scoped:
    """A mask, by its path below the results folder, with its sparsity and its scope."""

    mask: str
    sparsity: Fraction
    scope: str
    sources: Sources


def check(files: Files, pool: Executor) -> Iterator[Finding]:
    """Compare every intact mask that has a scope other than `global`, in `pool`."""
    yield from (found for found in pool.map(compare, scoped(files)) if found is not None)


def scoped(files: Files) -> Iterator[Scoped]:
    """The masks whose scope has groups or units."""
    for path, statement in files.statements.items():
        file, scope = parse_path(path), str(statement.parameters.get("scope", "global"))
        if file is None or file.kind != "mask" or not is_intact(files, path):
            continue
        sparsity = MaskName.parse(file.parts["mask"]).fraction
        if sparsity is not None and scope != "global" and scope in axes.names("scopes"):
            sources = Sources(root=files.root, digests={path: files.digests[path]})
            yield Scoped(mask=path, sparsity=sparsity, scope=scope, sources=sources)


def compare(scoped: Scoped) -> Finding | None:
    """Prune again by a mask's own bits; may run in another process.

    What is no mask, or has shapes that the scope cannot prune, other checks report.
    """
    path, scope = scoped.mask, scoped.scope
    try:
        mask = masks.from_bytes(scoped.sources.read(path), path)
        bits = {name: kept.astype(np.float32) for name, kept in mask.kept.items()}
        again = load_scope(scope).prune(bits, masks.dense(mask.prunable), scoped.sparsity)
    except (BadInput, IndexError, ValueError):
        return None
    except Tampered as error:
        return Finding(path=path, code=error.code, message=str(error))
    for name, kept in mask.kept.items():
        if not np.array_equal(kept, again.kept[name]):
            message = f"{name} is not pruned as its scope, {scope}, prunes a matrix"
            return Finding(path=path, code="wrong-count", message=message)
    return None
