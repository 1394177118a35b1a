"""Prune again from the weights that decided each mask, where they were kept, and compare.

This covers masks by criteria that read no data, from theta_0 or from a round's weights, random
masks like a winning one, combined masks, and winning masks, which are copies of the mask whose
sparsity the table names. It leaves out criteria that read data, as they need a network, and a
study's own criterion, unless its file is given. Files that are missing or differ from their
statements are left out too: other checks report them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors.numpy import load

from tickets import axes, combining, layerwise, masks
from tickets.audit.findings import Files, Finding
from tickets.audit.study_files import parse_path
from tickets.audit.verified_reads import Sources, is_intact
from tickets.criterion import Criterion, Inputs, find, load_criterion
from tickets.design.table_spec import MASKS
from tickets.errors import BadInput, Tampered, TicketsError
from tickets.files import read_bytes, sha256
from tickets.finder import COMBINED, criterion_of
from tickets.masks import Mask
from tickets.names import DENSE, WINNING, MaskName
from tickets.provenance import OUTSIDE
from tickets.schedule import parse
from tickets.statements import Statement
from tickets.tables import winners

ROLES = {
    "find_mask": ("theta_0",),
    "prune": ("weights", "parent", "theta_0"),
    "layerwise_mask": ("like",),
    "combine_masks": ("theta_0",),
    "random_mask": ("theta_0",),
    "winning_mask": ("winning", "mask"),
}
"""What masks are made from, by rule; combined ones from other masks too, whose roles begin with
`MASKS`. In earlier versions dense and one-shot masks had the rule `prune`, without a parent.
theta_0 has the role only where a criterion compares weights with it."""


_DECIDE = ("theta_0", "weights", "like", "winning")


@dataclass(frozen=True, kw_only=True)
class Pruning:
    """How a mask was made.

    mask, roles: its path, and the paths of its inputs by role, below the results folder.
    parameters: as its statement records them. criterion: its file, if it is the study's own.
    """

    mask: str
    name: MaskName
    roles: Mapping[str, str]
    parameters: Mapping[str, Any]
    criterion: Path | None
    sources: Sources


def check(
    files: Files, pool: Executor | None = None, own: Mapping[str, Path] | None = None
) -> Iterator[Finding]:
    """Prune again wherever possible, in `pool` if there is one.

    `own` are the files of a study's own criteria, by name; they are executed.
    """
    each = map if pool is None else pool.map
    findings = each(compare, prunings(files, own or {}))
    yield from (finding for finding in findings if finding is not None)


def prunings(files: Files, own: Mapping[str, Path]) -> Iterator[Pruning]:
    """Every mask that can be made again from the files here."""
    owners = {digest: path for path, digest in files.digests.items() if is_intact(files, path)}
    for path, statement in files.statements.items():
        file = parse_path(path)
        if file is None or file.kind != "mask" or not is_intact(files, path):
            continue
        name = MaskName.parse(file.parts["mask"])
        criterion = _criterion_file(own.get(name.finder), name, statement)
        if not _can_be_made_again(name, statement, criterion):
            continue
        read = statement.dependencies
        parts = [*ROLES[statement.rule], *(role for role in read if role.startswith(MASKS))]
        wanted = {role: read[role].digest for role in parts if role in read}
        roles = {role: owners[digest] for role, digest in wanted.items() if digest in owners}
        if roles.keys() == wanted.keys() and not roles.keys().isdisjoint(_DECIDE):
            digests = {each: files.digests[each] for each in (path, *roles.values())}
            yield Pruning(
                mask=path,
                name=name,
                roles=roles,
                parameters=statement.parameters,
                criterion=criterion,
                sources=Sources(root=files.root, digests=digests),
            )


def compare(pruning: Pruning) -> Finding | None:
    """Make a mask again and compare bit by bit; may run in another process."""
    code, source = "wrong-mask", next(iter(pruning.roles.values()))
    try:
        mask = masks.from_bytes(pruning.sources.read(pruning.mask), pruning.mask)
        again = _make_mask(pruning, mask)
        if again.digest == mask.digest:
            return None
        message = f"made again, {source} gives another mask ({again.digest})"
    except Tampered as error:
        code, message = error.code, str(error)
    except Exception as error:  # noqa: BLE001 - foreign weights or code may raise anything
        reason = str(error) if isinstance(error, TicketsError) else type(error).__name__
        message = f"cannot be made again from {source} ({reason})"
    return Finding(path=pruning.mask, code=code, message=message)


def _criterion_file(file: Path | None, name: MaskName, statement: Statement) -> Path | None:
    """The file of a study's own criterion, if it is the version that found the mask."""
    recorded = statement.code.get(f"{OUTSIDE}{name.finder}.py")
    return file if file is not None and sha256(read_bytes(file)) == recorded else None


def _can_be_made_again(name: MaskName, statement: Statement, file: Path | None) -> bool:
    if statement.rule not in ROLES:
        return False
    if name == DENSE or name.at or name.finder in ("layerwise", COMBINED):
        return True
    criterion = criterion_of(name.finder)
    is_known = file is not None or criterion in axes.names("criteria")
    return is_known and not load_criterion(criterion, file).reads


def _make_mask(pruning: Pruning, mask: Mask) -> Mask:
    read, name = pruning.sources.read, pruning.name
    if name.finder == "layerwise":
        path = pruning.roles["like"]
        return layerwise.draw_like(masks.from_bytes(read(path), path), name.seed or 0)
    if name.at:
        return _winning_mask(pruning)
    if name.finder == COMBINED:
        return combining.combine(
            [masks.from_bytes(read(path), path) for path in _parents(pruning)],
            load(read(pruning.roles["theta_0"])),
            str(pruning.parameters["by"]),
            parse(name.sparsity),
            str(pruning.parameters["scope"]),
        )
    parent = masks.dense(mask.prunable)
    if name == DENSE:
        return parent
    if path := pruning.roles.get("parent"):
        parent = masks.from_bytes(read(path), path)
    criterion = load_criterion(criterion_of(name.finder), pruning.criterion)
    theta_0 = load(read(path)) if (path := pruning.roles.get("theta_0")) else {}
    inputs = Inputs(
        weights=load(read(path)) if (path := pruning.roles.get("weights")) else theta_0,
        theta_0=theta_0,
        parent=parent,
        sparsity=parse(name.sparsity),
        seed=name.seed or 0,
        task=name.task,
        parameters=_parameters(criterion, pruning.parameters),
    )
    scope = criterion.scope or str(pruning.parameters.get("scope", "global"))
    return find(criterion, scope, inputs)


def _winning_mask(pruning: Pruning) -> Mask:
    """The mask that was copied, if its sparsity is the one that the table names."""
    read, (table, copied) = pruning.sources.read, (pruning.roles[r] for r in ("winning", "mask"))
    task, criterion = pruning.name.task, WINNING[pruning.name.at]
    wins = winners.parse(read(table), table).get((task, criterion))
    if wins != pruning.parameters["sparsity"]:
        raise BadInput(f"it names sparsity {wins} for {task} by {criterion}")
    return masks.from_bytes(read(copied), copied)


def _parents(pruning: Pruning) -> list[str]:
    """The paths of the masks that a combined one is made of."""
    return [path for role, path in pruning.roles.items() if role.startswith(MASKS)]


def _parameters(criterion: Criterion, statement: Mapping[str, Any]) -> dict[str, Any]:
    """A criterion's parameters from a statement, its own converted to their types."""
    own = {name: type(value)(statement[name]) for name, value in criterion.parameters.items()}
    return {name: statement.get(name) for name in criterion.needs} | own
