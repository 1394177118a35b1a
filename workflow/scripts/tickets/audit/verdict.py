"""The audit's verdict, limited to what was checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tickets.audit.causes import Cause
from tickets.audit.findings import Finding
from tickets.audit.study import Audit

FEW = 3
"""Up to this number, causes with one and the same fault have a line each."""


@dataclass(frozen=True, kw_only=True)
class AuditVerdict:
    """The verdict in one or two words, and its meaning."""

    word: str
    meaning: str


def of(audit: Audit, *, anchored: bool) -> AuditVerdict:
    """The verdict; `anchored`: a root digest or key from elsewhere vouches for the study.

    Files that agree may all have been rewritten; without an anchor they are never called authentic.
    """
    faults = len(audit.faults)
    if faults:
        meaning = f"{faults:,} finding{'s' * (faults > 1)}; docs/audit.md explains them"
        return AuditVerdict(word="not clean", meaning=meaning)
    if anchored:
        meaning = "every file that lasts is the one that the root digest or the key vouches for"
        return AuditVerdict(word="authentic", meaning=meaning)
    meaning = (
        "every file agrees with its statement. Forging everything would go unnoticed; to rule that "
        "out, pass --expect-root or --public-key"
    )
    return AuditVerdict(word="self-consistent", meaning=meaning)


def text(audit: Audit, verdict: AuditVerdict, *, full: bool = False) -> str:
    """A line for each cause, then one that counts what follows from it; remarks, number of files,
    the root digest and the verdict.

    Many files with one and the same fault, such as those of a removed seed, are counted in a line.
    full: list each of them, and each finding that follows, below the line that counts it.
    """
    lines = list(_cause_lines(audit.causes, full=full))
    is_short = len(lines) < len(audit.causes) or any(cause.consequences for cause in audit.causes)
    for cause in audit.causes:
        if cause.consequences:
            lines.append(summary(cause))
            lines += [f"  {_line(each)}" for each in cause.consequences if full]
    lines += [f"remark: {_line(each)}" for each in audit.remarks]
    if is_short and not full:
        lines.append("--full, or a report, lists every finding")
    return "\n".join(
        [
            *lines,
            f"{len(audit.files.digests):,} files, {len(audit.masks):,} of them masks",
            f"root digest {audit.root}",
            f"{verdict.word}: {verdict.meaning}",
        ]
    )


def _cause_lines(causes: Iterable[Cause], *, full: bool) -> Iterator[str]:
    """A line for each cause; one for more than `FEW` with one and the same fault, unless `full`."""
    by_fault: dict[tuple[str, str], list[Finding]] = {}
    for finding in (cause.finding for cause in causes):
        by_fault.setdefault((finding.code, finding.message), []).append(finding)
    for (code, message), findings in by_fault.items():
        if full or len(findings) <= FEW:
            yield from map(_line, findings)
        else:
            where = f"{len(findings):,} files, the first {findings[0].path}"
            yield f"{code}  {where}: {message}"


def summary(cause: Cause) -> str:
    """How many findings follow from a cause, and of which kinds."""
    count = len(cause.consequences)
    kinds = Counter(each.code for each in cause.consequences)
    by_kind = ", ".join(f"{number:,} {code}" for code, number in sorted(kinds.items()))
    many = f"{count:,} findings follow" if count > 1 else "1 finding follows"
    return f"{many} from {cause.finding.path}: {by_kind}"


def _line(finding: Finding) -> str:
    return f"{finding.code}  {finding.path}: {finding.message}"
