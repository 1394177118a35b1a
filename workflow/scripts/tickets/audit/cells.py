"""Whether the trainings and masks that are here are those that the study's tables demand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from tickets.audit.findings import Files, Finding
from tickets.audit.lineage import FILES, below_root
from tickets.audit.places import place
from tickets.design import registry
from tickets.design.dag import Design
from tickets.design.experiments import needed
from tickets.errors import BadInput
from tickets.files import canonical_json
from tickets.paths import parts

_NO_DESIGN = (TypeError, ValueError, AttributeError, LookupError, AssertionError, BadInput)


def design_of(files: Files) -> tuple[Design | None, list[Finding]]:
    """The design that the statements of scores name, and what is wrong with it."""
    said: dict[bytes, str] = {}
    designs: list[Design] = []
    findings: list[Finding] = []
    for path, stated in files.statements.items():
        where = place(path)
        if where is None or where.kind != "metrics":
            continue
        text = canonical_json(stated.parameters.get("design"))
        if text in said:
            continue
        said[text] = path
        try:
            designs.append(_design(text))
        except _NO_DESIGN as error:
            message = f"its statement's design is none ({error})"
            findings.append(Finding(path=path, code="bad-statement", message=message))
    if len(designs) > 1:
        one, other, *_ = said.values()
        message = f"made for another study than {one}; make both again"
        findings.append(Finding(path=other, code="two-designs", message=message))
    if not said:
        message = "no scores are here: what the study demands, and what of what, is not known"
        findings.append(Finding(path="metrics", code="no-design", message=message))
    return (designs[0] if len(designs) == 1 else None), findings


def _design(text: bytes) -> Design:
    design = Design.from_json(text.decode())
    for table in registry.tables().values():  # all that is asked of it later
        needed(design, table.trainings(design))
    return design


def check(files: Files, design: Design) -> Iterator[Finding]:
    """Compare what is here with what the tables that are here need, and with the whole study."""
    present = {
        where.parts["part"]: path
        for path in files.digests
        if (where := place(path)) is not None and where.kind == "metrics"
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
        everything |= set(map(below_root, table.mask_files(FILES, design).values()))
    for path in files.digests:
        where = place(path)
        if where is not None and where.kind in ("mask", "predictions") and path not in everything:
            message = "the study's design has no such cell; delete it, or restore the tables"
            yield Finding(path=path, code="extra-cell", message=message)


def _files(design: Design, wanted: Iterable[str]) -> Iterator[str]:
    """The masks and predictions of the trainings that `wanted` ones need."""
    for training in needed(design, wanted):
        yield below_root(FILES.predictions(training))
        yield below_root(FILES.mask(parts(training)[1]))
