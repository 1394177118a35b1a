"""The whole audit of a results folder: every file is read once and goes through all checks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tickets.audit import (
    chain,
    check_masks,
    check_scopes,
    check_weights,
    clocks,
    code_at_commit,
    completeness,
    counts,
    scores,
    tables,
    versions,
)
from tickets.audit.causes import Cause, find_causes
from tickets.audit.findings import Files, Finding
from tickets.audit.scan import MaskSeen, Seen, scan_folder
from tickets.audit.tree import walk
from tickets.errors import BadInput
from tickets.files import canonical_json, sha256
from tickets.paths import is_kept


@dataclass(frozen=True, kw_only=True)
class Audit:
    """An audit's result. masks: counts and digests of each mask, by path; root: the root digest."""

    files: Files
    masks: Mapping[str, MaskSeen]
    findings: tuple[Finding, ...]
    root: str

    @property
    def faults(self) -> list[Finding]:
        """The findings on which the verdict depends."""
        return [finding for finding in self.findings if finding.is_fault]

    @property
    def remarks(self) -> list[Finding]:
        """The other findings."""
        return [finding for finding in self.findings if not finding.is_fault]

    @cached_property
    def causes(self) -> list[Cause]:
        """The causes of the faults, each with the findings that follow from it."""
        return find_causes(self.files, self.findings)


def audit(
    root: Path,
    repository: Path | None,
    pool: Executor,
    criteria: Mapping[str, Path] | None = None,
) -> Audit:
    """Audit the results folder `root`; commits of the code are looked up in `repository`.

    Folders are read in parallel in `pool`. `criteria` are the files of the study's own criteria, by
    name; they are executed.

    Raises:
        BadInput: there is no such folder, or it is empty.
    """
    if not root.is_dir():
        raise BadInput(f"{root}: not a folder; write the path of a study's results folder")
    tree = walk(root)
    if not tree.folders:
        raise BadInput(f"{root}: has no file of a study; write the path of a results folder")
    seen = list(pool.map(_scan, [(root, *each) for each in tree.folders.items()]))
    files = Files(
        root=root,
        digests={path: digest for each in seen for path, digest in each.digests.items()},
        statements={path: each for folder in seen for path, each in folder.statements.items()},
    )
    masks = {path: mask for each in seen for path, mask in each.masks.items()}
    findings = [*tree.findings, *(finding for each in seen for finding in each.findings)]
    findings += _checks(files, masks, seen, repository)
    findings += scores.check(files, pool)
    findings += tables.check(files, pool)
    findings += check_masks.check(files, pool, criteria)
    findings += check_scopes.check(files, pool)
    findings += check_weights.check(files, pool)
    return Audit(
        files=files, masks=masks, findings=tuple(sorted(set(findings))), root=root_digest(files)
    )


def root_digest(files: Files) -> str:
    """One digest for the study: of the path, content and statement of every kept file."""
    rows = [
        [path, digest, files.statements[path].itself if path in files.statements else ""]
        for path, digest in sorted(files.digests.items())
        if is_kept(path)
    ]
    return sha256(canonical_json(rows))


def _scan(arguments: tuple[Path, str, list[str]]) -> Seen:
    return scan_folder(*arguments)


def _checks(
    files: Files, masks: Mapping[str, MaskSeen], seen: list[Seen], repository: Path | None
) -> Iterator[Finding]:
    design, findings = completeness.design_of(files)
    yield from findings
    yield from chain.Chain(files, design).check()
    if design is not None:
        yield from completeness.check(files, design)
    prunable = {path: digest for each in seen for path, digest in each.prunable.items()}
    yield from counts.check(files, masks, prunable)
    yield from code_at_commit.check(files, repository)
    yield from versions.check(files, repository)
    yield from clocks.check(files)
