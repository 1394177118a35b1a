"""Whether training left alone the weights that a mask prunes, where trained weights were kept.

They are zero at the end, or theta's to the bit where the training froze them. Files that are
missing or differ from their statements are left out: other checks report them.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load

from tickets import masks
from tickets.audit.findings import Files, Finding
from tickets.audit.study_files import parse_path
from tickets.audit.verified_reads import Sources, is_intact
from tickets.errors import Tampered, TicketsError
from tickets.masks import Bits
from tickets.meanings import FREEZE


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A training that ended: the paths of its final weights, its mask, and its theta if weights
    were frozen.
    """

    trained: str
    mask: str
    theta: str | None
    sources: Sources


def check(files: Files, pool: Executor | None = None) -> Iterator[Finding]:
    """Compare the final weights of each training with its mask, in `pool` if there is one."""
    each = map if pool is None else pool.map
    yield from (finding for finding in each(compare, endings(files)) if finding is not None)


def endings(files: Files) -> Iterator[Ended]:
    """Every training whose final weights, mask and, if needed, theta are here."""
    owners = {digest: path for path, digest in files.digests.items() if is_intact(files, path)}
    for path, statement in files.statements.items():
        file = parse_path(path)
        if file is None or file.kind != "trained" or not is_intact(files, path):
            continue
        roles = ("mask", "theta") if statement.parameters.get("meaning") == FREEZE else ("mask",)
        read = [statement.dependencies[r].digest for r in roles if r in statement.dependencies]
        if len(read) < len(roles) or not all(digest in owners for digest in read):
            continue
        mask, *theta = (owners[digest] for digest in read)
        digests = {each: files.digests[each] for each in (path, mask, *theta)}
        yield Ended(
            trained=path,
            mask=mask,
            theta=theta[0] if theta else None,
            sources=Sources(root=files.root, digests=digests),
        )


def compare(ended: Ended) -> Finding | None:
    """Look at the pruned weights of one training; may run in another process."""
    code, read = "wrong-weights", ended.sources.read
    try:
        kept = masks.from_bytes(read(ended.mask), ended.mask).kept
        trained = load(read(ended.trained))
        theta = load(read(ended.theta)) if ended.theta else None
        moved = sum(
            _moved(trained[name], theta[name] if theta else None, kept[name]) for name in kept
        )
        if not moved:
            return None
        wanted = f"those of {ended.theta}" if ended.theta else "zero"
        message = f"{moved:,} weights that {ended.mask} prunes are not {wanted}"
    except Tampered as error:
        code, message = error.code, str(error)
    except Exception as error:  # noqa: BLE001 - foreign weights may raise anything
        reason = str(error) if isinstance(error, TicketsError) else type(error).__name__
        message = f"cannot be compared with {ended.mask} ({reason})"
    return Finding(path=ended.trained, code=code, message=message)


def _moved(trained: NDArray[Any], frozen: NDArray[Any] | None, kept: Bits) -> int:
    """How many pruned weights of a matrix are not zero, or not `frozen`, bit by bit."""
    if frozen is None:
        return int(np.count_nonzero(trained[~kept]))
    one, other = (matrix[~kept].view(np.uint32) for matrix in (trained, frozen))
    return int(np.count_nonzero(one != other))
