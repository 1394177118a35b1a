"""Rule audit: audit a study; write its table of masks, page and verdict, whatever the findings."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tickets import flags
from tickets.audit import report, verdict
from tickets.audit.study import audit
from tickets.errors import run
from tickets.files import write_bytes
from tickets.flags import flag
from tickets.provenance import SCRIPTS


@dataclass(frozen=True, kw_only=True)
class Files:
    """What is read and written."""

    results: Path = flag("the study's results folder")
    masks: Path = flag("table of masks to write (CSV)")
    report: Path = flag("page to write (HTML)")
    verdict: Path = flag("verdict to write (JSON)")
    criteria: Sequence[str] = flag("the study's own: NAME=FILE ...", default=())
    processes: int = flag("how many read and check at a time", form="positive")


def main() -> None:
    files = flags.parse(__doc__, Files)
    criteria = {name: Path(file) for name, _, file in (e.partition("=") for e in files.criteria)}
    with ProcessPoolExecutor(files.processes) as pool:
        result = audit(files.results, SCRIPTS.parents[1], pool, criteria)
    judgement = verdict.of(result, anchored=False)
    print(verdict.text(result, judgement))
    write_bytes(files.masks, report.masks_csv(result).encode())
    write_bytes(files.report, report.html(result, judgement).encode())
    write_bytes(files.verdict, report.verdict_json(result, judgement).encode())


if __name__ == "__main__":
    run(main)
