"""Say where every file of a study comes from, and whether it was altered.

    tickets audit results
    tickets audit results --expect-root 0f3c...
    tickets audit results --public-key study.pub --signature study.sig

Every file is read and hashed, whatever its date; no network, no Snakemake, no torch. The exit
status is 0 where nothing is wrong, 1 with findings, 2 for wrong use. docs/audit.md explains each
finding. Digests beside files show that they fit together, and no more: whoever rewrites all of them
passes. Only a root digest or a public key that was kept elsewhere shows that a study is the one it
was.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from tickets import signature
from tickets.audit import report
from tickets.audit.findings import Finding
from tickets.audit.study import Audit, audit
from tickets.errors import BadInput
from tickets.files import write_bytes
from tickets.provenance import SCRIPTS


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the command's flags."""
    parser.add_argument("results", type=Path, help="a study's results folder, or a copy of it")
    parser.add_argument(
        "--expect-root", metavar="SHA256", help="the root digest that the study had, kept elsewhere"
    )
    parser.add_argument("--public-key", type=Path, help="whose signature is expected (PEM)")
    parser.add_argument("--signature", type=Path, help="the signature, made by `tickets sign`")
    parser.add_argument(
        "--repository",
        type=Path,
        default=SCRIPTS.parents[1],
        help="git checkout to look the code's commits up in (default: this workflow's)",
    )
    parser.add_argument("--masks", type=Path, help="table of masks to write (CSV)")
    parser.add_argument("--report", type=Path, help="page to write (HTML)")


def run(flags: argparse.Namespace) -> int:
    """Print every finding, the root digest and the verdict; the number of faults."""
    expected = flags.expect_root
    if expected is not None and not re.fullmatch(r"[0-9a-f]{64}", expected):
        raise BadInput("--expect-root: write the 64 lower-case hexadecimal digits of a root digest")
    if (flags.public_key is None) != (flags.signature is None):
        raise BadInput("--public-key and --signature: write both, or neither")
    found = audit(flags.results, flags.repository)
    anchors = list(_anchors(found, flags))
    findings = sorted({*found.findings, *anchors})
    found = Audit(files=found.files, masks=found.masks, findings=tuple(findings), root=found.root)
    verdict, explanation = _verdict(found, anchored=bool(expected or flags.public_key))
    for finding in findings:
        kind = "" if finding.is_fault else "remark: "
        print(f"{kind}{finding.code}  {finding.path}: {finding.message}")
    print(f"{len(found.files.digests):,} files, {len(found.masks):,} of them masks")
    print(f"root digest {found.root}")
    print(f"{verdict}: {explanation}")
    if flags.masks:
        write_bytes(flags.masks, report.masks_csv(found).encode())
    if flags.report:
        write_bytes(flags.report, report.html(found, verdict, explanation).encode())
    sys.stdout.flush()
    return len(found.faults)


def _anchors(found: Audit, flags: argparse.Namespace) -> list[Finding]:
    """What the trust anchors object to."""
    findings: list[Finding] = []
    if flags.expect_root not in (None, found.root):
        message = f"the root digest is {found.root}, not {flags.expect_root}"
        findings.append(Finding(path=".", code="wrong-root", message=message))
    if flags.public_key:
        objection = signature.verify(flags.results, flags.signature, flags.public_key)
        if objection:
            findings.append(Finding(path=".", code="bad-signature", message=objection))
    return findings


def _verdict(found: Audit, *, anchored: bool) -> tuple[str, str]:
    faults = len(found.faults)
    if faults:
        return "not clean", f"{faults:,} finding{'s' * (faults > 1)}; docs/audit.md explains them"
    if anchored:
        return "authentic", "nothing differs from what the root digest or the key vouches for"
    return (
        "self-consistent",
        "every file is what its statement says; without --expect-root or --public-key nobody can "
        "tell whether all of them were rewritten",
    )
