"""What an audit comes to, in words that promise no more than was looked at."""

from __future__ import annotations

from dataclasses import dataclass

from tickets.audit.study import Audit


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """One word or two, and what they mean."""

    word: str
    meaning: str


def of(found: Audit, *, anchored: bool) -> Verdict:
    """The verdict; `anchored` says whether something that was kept elsewhere vouches for the study.

    Files that fit together may all have been rewritten: that is never called authentic.
    """
    faults = len(found.faults)
    if faults:
        meaning = f"{faults:,} finding{'s' * (faults > 1)}; docs/audit.md explains them"
        return Verdict(word="not clean", meaning=meaning)
    if anchored:
        meaning = "nothing differs from what the root digest or the key vouches for"
        return Verdict(word="authentic", meaning=meaning)
    meaning = (
        "every file is what its statement says; whether all of them were rewritten only "
        "--expect-root or --public-key can tell"
    )
    return Verdict(word="self-consistent", meaning=meaning)


def text(found: Audit, verdict: Verdict) -> str:
    """A line a finding, sorted; then how much was looked at, the root digest and the verdict."""
    findings = [
        f"{'' if each.is_fault else 'remark: '}{each.code}  {each.path}: {each.message}"
        for each in found.findings
    ]
    files, masks = len(found.files.digests), len(found.masks)
    return "\n".join(
        [
            *findings,
            f"{files:,} files, {masks:,} of them masks",
            f"root digest {found.root}",
            f"{verdict.word}: {verdict.meaning}",
        ]
    )
