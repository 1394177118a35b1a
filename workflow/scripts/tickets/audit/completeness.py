"""Whether the study has all trainings and masks that its tables need, and no others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from itertools import chain

from tickets.audit.findings import Files, Finding
from tickets.audit.lineage import FILES, below_root
from tickets.audit.study_files import parse_path
from tickets.design import registry
from tickets.design.dag import OF_PARTS, Design
from tickets.design.experiments import needed
from tickets.errors import BadInput
from tickets.files import canonical_json
from tickets.finder import COMBINED, IMP
from tickets.names import DENSE, MaskName, TrainingName

_CELLS = ("mask", "predictions", "line", "losses")
"""The kinds of files of which the design says which there are."""

_NO_DESIGN = (TypeError, ValueError, AttributeError, LookupError, AssertionError, BadInput)


def design_of(files: Files) -> tuple[Design | None, list[Finding]]:
    """The design that the statements of scores record, and what is wrong with it.

    Only the statements of some parts' scores name the sweep's finders and combined masks
    (`OF_PARTS`); the rest is the same in all.
    """
    paths: dict[bytes, str] = {}
    designs: dict[str, Design] = {}
    findings: list[Finding] = []
    for path, statement in sorted(files.statements.items()):
        file = parse_path(path)
        if file is None or file.kind != "metrics":
            continue
        part, text = file.parts["part"], canonical_json(statement.parameters.get("design"))
        try:
            designs[part] = _design(text)
        except _NO_DESIGN as error:
            message = f"its statement's design is not valid ({error})"
            findings.append(Finding(path=path, code="bad-statement", message=message))
            continue
        paths.setdefault(designs[part].for_part("").to_json().encode(), path)
    if len(paths) > 1:
        one, other, *_ = paths.values()
        message = f"made for another study than {one}; make both again"
        findings.append(Finding(path=other, code="two-designs", message=message))
    if not designs and not findings:
        message = "no scores are here, so which files the study demands is not known"
        findings.append(Finding(path="metrics", code="no-design", message=message))
    return (_whole(designs) if len(paths) == 1 else None), findings


def _whole(designs: Mapping[str, Design]) -> Design:
    """The design of which each part's is a part."""
    own = {
        field: getattr(designs[part], field)
        for field, (parts, _) in OF_PARTS.items()
        for part in parts
        if part in designs
    }
    return replace(next(iter(designs.values())), **own)


@cache
def _design(text: bytes) -> Design:
    design = Design.from_json(text.decode())
    for table in registry.tables().values():  # whatever later checks compute
        needed(design, table.trainings(design))
    return design


def check(files: Files, design: Design) -> Iterator[Finding]:
    """Compare the files here with what the tables here need, and with the whole study."""
    present = {
        file.parts["part"]: path
        for path in files.digests
        if (file := parse_path(path)) is not None and file.kind == "metrics"
    }
    scored = registry.all_parts()
    demanded = {
        path: scores
        for part, scores in sorted(present.items())
        for path in _files(design, scored[part].trainings(design))
    }
    for path in sorted(demanded.keys() - files.digests.keys()):
        message = f"{demanded[path]} demands it; it is not here"
        yield Finding(path=path, code="missing-cell", message=message)
    tables = registry.tables().values()
    everything = set(_files(design, chain.from_iterable(t.trainings(design) for t in tables)))
    for table in tables:
        named = (
            table.mask_files(FILES, design)
            | table.line_files(FILES, design)
            | table.loss_files(FILES, design)
        )
        everything |= set(map(below_root, named.values()))
    for path in files.digests:
        file = parse_path(path)
        if file is None or file.kind not in _CELLS or path in everything:
            continue
        mask = MaskName.parse(file.parts["mask"])
        # Without the scores that name them, the sweep's finders and combined masks are not known.
        field = "combine" if mask.finder == COMBINED else "sweep"
        is_known = not present.keys().isdisjoint(OF_PARTS[field][0])
        if is_known or (field == "sweep" and design.sweep) or not _may_be_made(design, mask):
            message = (
                "the study's design has no such cell: a seed or task may have been removed; delete"
                " it, or restore the tables"
            )
            yield Finding(path=path, code="extra-cell", message=message)


def _may_be_made(design: Design, name: MaskName) -> bool:
    """Whether this could be a combined mask in this study, or that of a finder beside IMP."""
    is_other = name.at or name == DENSE or name.finder in ("layerwise", IMP)
    return not is_other and (
        (name.finder == COMBINED or name.task in ("", *design.tasks))
        and name.rewind in ("", design.rewind)
        and name.seed in (None, *design.seeds)
        and name.sparsity in design.sparsities
    )


def _files(design: Design, wanted: Iterable[TrainingName]) -> Iterator[str]:
    """The masks and predictions of all trainings that `wanted` need."""
    for training in needed(design, wanted):
        yield below_root(FILES.predictions(training))
        yield below_root(FILES.mask(training.mask))
