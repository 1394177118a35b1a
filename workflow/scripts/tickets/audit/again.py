"""Whether masks are those that what decided them gives, where that is still here.

Found again are masks by criteria that read no data, from theta_0 or from weights of a round that
were kept, and random ones like a winning mask. What a criterion reads data for, and what one from
outside the repository scored, is not. Files that are missing or not what their statements say are
left out: other checks name them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

from safetensors.numpy import load

from tickets import axes, layerwise, masks
from tickets.audit.findings import Files, Finding
from tickets.audit.places import place
from tickets.audit.rereading import Sources, is_intact
from tickets.criterion import Criterion, Inputs, find, load_criterion
from tickets.errors import Tampered, TicketsError
from tickets.finder import criterion_of
from tickets.masks import Mask
from tickets.names import DENSE, MaskName
from tickets.schedule import parse
from tickets.statements import Statement

ROLES = {
    "find_mask": ("theta_0",),
    "prune": ("weights", "parent"),
    "layerwise_mask": ("like",),
    "random_mask": ("theta_0",),
}
"""What masks are made again from, by rule; a dense or one-shot mask of an earlier version had no
parent, and a rule with the others."""


_DECIDE = ("theta_0", "weights", "like")


@dataclass(frozen=True, kw_only=True)
class Pruning:
    """How a mask came about: its path and those of what it is made of, by role, relative to the
    results folder; and what its statement says.
    """

    mask: str
    name: MaskName
    roles: Mapping[str, str]
    parameters: Mapping[str, Any]
    sources: Sources


def check(files: Files, pool: Executor | None = None) -> Iterator[Finding]:
    """Prune again wherever that can be done, in `pool` if there is one."""
    each = map if pool is None else pool.map
    yield from (found for found in each(compare, prunings(files)) if found is not None)


def prunings(files: Files) -> Iterator[Pruning]:
    """Every mask here that can be made again from what is here."""
    owners = {digest: path for path, digest in files.digests.items() if is_intact(files, path)}
    for path, stated in files.statements.items():
        where = place(path)
        if where is None or where.kind != "mask" or not is_intact(files, path):
            continue
        name = MaskName.parse(where.parts["mask"])
        if not _can_be_made_again(name, stated):
            continue
        asked = {role: stated.dependencies.get(role) for role in ROLES[stated.rule]}
        named = {role: each.digest for role, each in asked.items() if each is not None}
        roles = {role: owners[digest] for role, digest in named.items() if digest in owners}
        if roles.keys() == named.keys() and not roles.keys().isdisjoint(_DECIDE):
            digests = {each: files.digests[each] for each in (path, *roles.values())}
            yield Pruning(
                mask=path,
                name=name,
                roles=roles,
                parameters=stated.parameters,
                sources=Sources(root=files.root, digests=digests),
            )


def compare(pruning: Pruning) -> Finding | None:
    """Make a mask again, and compare bit by bit; may run in another process."""
    code, source = "wrong-mask", next(iter(pruning.roles.values()))
    try:
        mask = masks.from_bytes(pruning.sources.read(pruning.mask), pruning.mask)
        again = _made_again(pruning, mask)
        if again.digest == mask.digest:
            return None
        message = f"made again, {source} gives another mask ({again.digest})"
    except Tampered as error:
        code, message = error.code, str(error)
    except Exception as error:  # noqa: BLE001 - what makes no mask makes another one, whatever it is
        reason = str(error) if isinstance(error, TicketsError) else type(error).__name__
        message = f"cannot be made again from {source} ({reason})"
    return Finding(path=pruning.mask, code=code, message=message)


def _can_be_made_again(name: MaskName, stated: Statement) -> bool:
    if stated.rule not in ROLES:
        return False
    if name == DENSE or name.finder == "layerwise":
        return True
    criterion = criterion_of(name.finder)
    return criterion in axes.names("criteria") and not load_criterion(criterion).reads


def _made_again(pruning: Pruning, mask: Mask) -> Mask:
    read, name = pruning.sources.read, pruning.name
    if name.finder == "layerwise":
        path = pruning.roles["like"]
        return layerwise.draw_like(masks.from_bytes(read(path), path), name.seed or 0)
    parent = masks.dense(mask.prunable)
    if name == DENSE:
        return parent
    if path := pruning.roles.get("parent"):
        parent = masks.from_bytes(read(path), path)
    criterion = load_criterion(criterion_of(name.finder))
    weights = load(read(pruning.roles.get("weights") or pruning.roles["theta_0"]))
    inputs = Inputs(
        weights=weights,
        parent=parent,
        sparsity=parse(name.sparsity),
        seed=name.seed or 0,
        task=name.task,
        parameters=_parameters(criterion, pruning.parameters),
    )
    scope = criterion.scope or str(pruning.parameters.get("scope", "global"))
    return find(criterion, scope, inputs)


def _parameters(criterion: Criterion, stated: Mapping[str, Any]) -> dict[str, Any]:
    """A criterion's parameters as a statement has them, its own in their types."""
    own = {name: type(value)(stated[name]) for name, value in criterion.parameters.items()}
    return {name: stated.get(name) for name in criterion.needs} | own
