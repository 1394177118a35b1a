"""The study that version 1 of the statements made, and audits of it."""

from __future__ import annotations

import shutil
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tickets.audit.study import Audit, audit

STUDY = Path(__file__).parents[1] / "study_v1"

LEFT_OUT = (
    *("sweep.*", "rewinding.*", "baselines.*", "transferability.*", "transfer_variants.*"),
    *("winning_tickets.*", "sparsity_sweep.*", "versus_paper.*"),
)
"""Tables whose making again takes most of an audit's time."""


def copied(folder: Path) -> Path:
    """A copy of the kept study, with the tables of transfer and of masks alone."""
    return shutil.copytree(STUDY, folder / "results", ignore=shutil.ignore_patterns(*LEFT_OUT))


def audited(root: Path, repository: Path | None = None) -> Audit:
    """The audit of a results folder, in this process."""
    with ThreadPoolExecutor(1) as pool:
        return audit(root, repository, pool)


def cause_paths(result: Audit) -> set[str]:
    """The files that are causes, each named once; a statement's is the one beside it."""
    paths = [cause.finding.path.removesuffix(".prov.json") for cause in result.causes]
    assert len(paths) == len(set(paths))
    return set(paths)


def assert_each_fault_once(result: Audit) -> None:
    """As a cause or below one. A cause that is no fault by itself is not counted among them."""
    causes = [cause.finding for cause in result.causes]
    below = [each for cause in result.causes for each in cause.consequences]
    own = [each for each in causes if each in result.faults]

    assert Counter([*own, *below]) == Counter(result.faults)
    assert all(cause.consequences for cause in result.causes if cause.finding not in own)
