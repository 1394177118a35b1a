"""Rule story: the report's page on a study, from its tables and its audit."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tickets import flags
from tickets.errors import run
from tickets.files import write_bytes
from tickets.flags import flag
from tickets.report_page import page
from tickets.tables import tabulation


@dataclass(frozen=True, kw_only=True)
class Files:
    """What is read and written."""

    model: str = flag("what was pruned, as the study names it")
    seeds: Sequence[int] = flag("of the study")
    tables: Sequence[Path] = flag("the study's (CSV), in any order")
    pretraining: Path | None = flag(
        "losses on held-out text on the way to theta_0 (CSV)", default=None
    )
    verdict: Path = flag("of the study's audit (JSON)")
    template: Path = flag("folder of the page's words, style and script")
    page: Path = flag("to write (HTML)")


def main() -> None:
    files = flags.parse(__doc__, Files)
    paths: dict[str, Path] = {path.stem: path for path in files.tables}
    study = page.ReportData(
        tables={name: tabulation.read_table(path) for name, path in paths.items()},
        audit=json.loads(files.verdict.read_text(encoding="utf-8")),
        model=files.model,
        seeds=files.seeds,
        pretraining=files.pretraining and tabulation.read_table(files.pretraining),
    )
    write_bytes(files.page, page.render_page(study, files.template).encode())


if __name__ == "__main__":
    run(main)
