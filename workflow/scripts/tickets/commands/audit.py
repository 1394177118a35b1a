r"""Check where every file of a study comes from, and whether it was altered.

Every file is read and hashed, whatever its date; no network, Snakemake or torch is needed. The exit
status is 0 without findings, 1 with findings, 2 for wrong use. The first lines are causes: files
that were changed, are missing, or do not belong here. Findings that follow from a cause are
counted; --full and the report list them. docs/audit.md explains each kind. Digests beside the files
only show that the files fit together: whoever rewrites all of them passes. Only a root digest or a
public key that was kept elsewhere shows that a study is unchanged.

Examples:
    tickets audit results
    tickets audit results --full
    tickets audit results --expect-root 0f3c...
    tickets audit results --public-key key.pub.pem --signature results/exports/study.sig \
        --masks masks.csv --report report.html
"""

from __future__ import annotations

import argparse
import re
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tickets.audit.findings import Finding
from tickets.errors import BadInput
from tickets.exchange import signature
from tickets.files import write_bytes
from tickets.provenance import SCRIPTS

POSITION = 50

if TYPE_CHECKING:
    from tickets.audit.study import Audit


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the command's flags."""
    parser.add_argument("results", type=Path, help="a study's results folder, or a copy of it")
    parser.add_argument(
        "--expect-root", metavar="SHA256", help="the study's earlier root digest, kept elsewhere"
    )
    parser.add_argument("--public-key", type=Path, help="public key of the expected signer (PEM)")
    parser.add_argument("--signature", type=Path, help="signature by `tickets sign`")
    parser.add_argument(
        "--repository",
        type=Path,
        default=SCRIPTS.parents[1],
        help="git checkout that contains the code's commits (default: this workflow's)",
    )
    parser.add_argument(
        "--full", action="store_true", help="list the findings that follow from each cause"
    )
    parser.add_argument("--masks", type=Path, help="write a table of masks (CSV)")
    parser.add_argument("--report", type=Path, help="write a page (HTML)")


def run(flags: argparse.Namespace) -> int:
    """Print causes, counts of the rest, root digest and verdict; return the number of faults."""
    expected = flags.expect_root
    if expected is not None and not re.fullmatch(r"[0-9a-f]{64}", expected):
        raise BadInput("--expect-root: write the 64 lower-case hexadecimal digits of a root digest")
    if (flags.public_key is None) != (flags.signature is None):
        raise BadInput("--public-key and --signature: write both, or neither")
    # These take a second to import, which other commands should not wait for.
    from tickets.audit import report, verdict
    from tickets.audit.study import audit

    with ProcessPoolExecutor() as pool:
        result = audit(flags.results, flags.repository, pool)
    findings = sorted({*result.findings, *_anchors(result, flags)})
    result = replace(result, findings=tuple(findings))
    judgement = verdict.of(result, anchored=bool(expected or flags.public_key))
    print(verdict.text(result, judgement, full=flags.full), flush=True)
    if flags.masks:
        write_bytes(flags.masks, report.masks_csv(result).encode())
    if flags.report:
        write_bytes(flags.report, report.html(result, judgement).encode())
    return len(result.faults)


def _anchors(result: Audit, flags: argparse.Namespace) -> list[Finding]:
    """Findings from the root digest and the signature."""
    findings: list[Finding] = []
    if flags.expect_root not in (None, result.root):
        message = f"the root digest is {result.root}, not {flags.expect_root}"
        findings.append(Finding(path=".", code="wrong-root", message=message))
    if flags.public_key:
        problem = signature.verify(flags.results, flags.signature, flags.public_key)
        if problem:
            findings.append(Finding(path=".", code="bad-signature", message=problem))
    return findings
