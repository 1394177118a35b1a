"""Rule audit: audit a study; write its table of masks, page and verdict, whatever the findings."""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tickets.audit import report, verdict
from tickets.audit.study import audit
from tickets.errors import run
from tickets.files import write_bytes
from tickets.provenance import SCRIPTS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, required=True, help="the study's results folder")
    parser.add_argument("--masks", type=Path, required=True, help="table of masks to write (CSV)")
    parser.add_argument("--report", type=Path, required=True, help="page to write (HTML)")
    parser.add_argument("--verdict", type=Path, required=True, help="verdict to write (JSON)")
    parser.add_argument("--criteria", nargs="*", default=[], help="the study's own: NAME=FILE ...")
    flags = parser.parse_args()
    criteria = {name: Path(file) for name, _, file in (e.partition("=") for e in flags.criteria)}
    with ProcessPoolExecutor() as pool:
        result = audit(flags.results, SCRIPTS.parents[1], pool, criteria)
    judgement = verdict.of(result, anchored=False)
    print(verdict.text(result, judgement))
    write_bytes(flags.masks, report.masks_csv(result).encode())
    write_bytes(flags.report, report.html(result, judgement).encode())
    write_bytes(flags.verdict, report.verdict_json(result, judgement).encode())


if __name__ == "__main__":
    run(main)
