"""Whether masks prune as many weights of the study's model as their sparsity says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from tickets.audit.findings import Files, Finding
from tickets.audit.lineage import FILES, THETA_0_FILE, below_root
from tickets.audit.scan import MaskSeen
from tickets.audit.study_files import parse_path
from tickets.criterion import load_scope
from tickets.errors import BadInput
from tickets.finder import criterion_of
from tickets.names import DENSE, MaskName
from tickets.paths import parse_mask
from tickets.statements import Statement


def check(
    files: Files, masks: Mapping[str, MaskSeen], prunable: Mapping[str, str]
) -> Iterator[Finding]:
    """Compare each mask's counts with its path, its statement and the study's theta_0.

    `prunable` is the digest of the prunable set of each file of weights, by path.
    """
    model = prunable.get(THETA_0_FILE)
    for path, digest in prunable.items():
        if model is not None and digest != model:
            message = f"its prunable set is not that of {THETA_0_FILE}"
            yield Finding(path=path, code="wrong-matrices", message=message)
    for path, mask in masks.items():
        if model is not None and mask.prunable != model:
            message = f"its prunable set {mask.prunable} is not that of {THETA_0_FILE}, {model}"
            yield Finding(path=path, code="wrong-matrices", message=message)
        statement = files.statements.get(path)
        yield from _check_counts(path, mask, parse_mask(path), statement, masks)
        if statement is not None:
            yield from _check_facts(path, mask, statement)
    yield from _find_equal(files, masks)


def _check_counts(
    path: str,
    mask: MaskSeen,
    name: MaskName,
    statement: Statement | None,
    masks: Mapping[str, MaskSeen],
) -> Iterator[Finding]:
    pruned: dict[str | None, int] = {
        matrix: size - mask.kept[matrix] for matrix, size in mask.sizes.items()
    }
    expected: Mapping[str | None, int] = {}
    if name.fraction is not None:
        scope = "global" if statement is None else str(statement.parameters.get("scope", "global"))
        try:
            expected = load_scope(scope).expected(mask.shapes, name.fraction)
        except (BadInput, IndexError, ValueError) as error:  # the last two: of what is no matrix
            yield Finding(path=path, code="wrong-parameters", message=f"scope: {error}")
    elif name.finder == "layerwise":
        like = masks.get(below_root(FILES.mask(replace(name, finder="imp"))))
        if like is not None:
            expected = {each: size - like.kept.get(each, size) for each, size in like.sizes.items()}
    elif statement is not None:
        yield from _check_copy(path, mask, statement, masks)
    if None in expected:
        if (total := sum(pruned.values())) != expected[None]:
            message = f"{total:,} weights are pruned; its sparsity is {expected[None]:,}"
            yield Finding(path=path, code="wrong-count", message=message)
    elif expected and expected != pruned:
        matrix = next(n for n in {**expected, **pruned} if expected.get(n) != pruned.get(n))
        message = f"{pruned.get(matrix)} weights of {matrix} are pruned, not {expected.get(matrix)}"
        yield Finding(path=path, code="wrong-count", message=message)


def _check_copy(
    path: str, mask: MaskSeen, statement: Statement, masks: Mapping[str, MaskSeen]
) -> Iterator[Finding]:
    """Check that a winning mask is a copy of the mask of the winning sparsity."""
    label = str(statement.parameters.get("sparsity"))
    folder = path.rpartition("/")[0]
    origin = "masks/dense.safetensors" if label == "0" else f"{folder}/sparsity-{label}.safetensors"
    if origin in masks and masks[origin].bits != mask.bits:
        message = f"not the mask of {origin}, which its statement says it copies"
        yield Finding(path=path, code="wrong-mask", message=message)


def _check_facts(path: str, mask: MaskSeen, statement: Statement) -> Iterator[Finding]:
    recorded = statement.facts
    if (digest := recorded.get("mask_digest")) != mask.bits:
        message = f"its bits' digest is {mask.bits}, its statement says {digest}"
        yield Finding(path=path, code="wrong-bits", message=message)
    size = sum(mask.sizes.values())
    pruned = size - sum(mask.kept.values())
    facts: dict[str, Any] = {
        "prunable": size,
        "prunable_set": mask.prunable,
        "pruned": pruned,
        "sparsity": str(Fraction(pruned, size)) if size else "0",
        "sparsity_by_matrix": {
            name: str(Fraction(total - mask.kept[name], total)) if total else "0"
            for name, total in mask.sizes.items()
        },
    }
    for name, value in facts.items():
        if recorded.get(name) != value:
            message = f"its statement's {name} is not that of its bits"
            yield Finding(path=path, code="wrong-facts", message=message)


def _find_equal(files: Files, masks: Mapping[str, MaskSeen]) -> Iterator[Finding]:
    """Remark on equal masks, except copies and those that the same cause gave."""
    alike: dict[str, dict[Any, str]] = defaultdict(dict)
    for path, mask in masks.items():
        file, statement = parse_path(path), files.statements.get(path)
        if statement is None or statement.rule == "winning_mask" or file is None:
            continue
        if MaskName.parse(file.parts["mask"]) == DENSE:
            continue
        alike[mask.bits].setdefault(_cause(path, statement), path)
    for group in alike.values():
        first, *others = group.values()
        for path in others:
            message = f"the same mask as {first}, from other weights or another seed"
            yield Finding(path=path, code="same-mask", message=message)


def _cause(path: str, statement: Statement) -> Any:
    """What decides a mask: its criterion, the digests of its inputs, and its seed, if any."""
    name = parse_mask(path)
    roles = ("weights", "theta_0", "like", "train")
    read = [statement.dependencies[role].digest for role in roles if role in statement.dependencies]
    seed = None if statement.rule == "prune" else name.seed
    return criterion_of(name.finder), *read, seed
