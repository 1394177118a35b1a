"""Rule story: the report's page on a study, from its tables and its audit."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from tickets.errors import BadInput, run
from tickets.files import write_bytes
from tickets.report_page import page
from tickets.tables import tabulation


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="the model's name in the study")
    parser.add_argument("--seeds", type=int, nargs="+", required=True, help="the study's seeds")
    parser.add_argument(
        "--tables",
        type=Path,
        nargs="+",
        required=True,
        help="the study's tables (CSV), in any order",
    )
    parser.add_argument(
        "--verdict", type=Path, required=True, help="verdict of the study's audit (JSON)"
    )
    parser.add_argument(
        "--template",
        type=Path,
        required=True,
        help="folder with the page's template, style and script",
    )
    parser.add_argument("--page", type=Path, required=True, help="page to write (HTML)")
    flags = parser.parse_args()
    paths: dict[str, Path] = {path.stem: path for path in flags.tables}
    missing = [name for name in page.TABLES if name not in paths]
    if missing:
        raise BadInput(f"--tables: no {', '.join(f'{name}.csv' for name in missing)}")
    study = page.ReportData(
        tables={name: tabulation.read_table(paths[name]) for name in page.TABLES},
        audit=json.loads(flags.verdict.read_text(encoding="utf-8")),
        model=flags.model,
        seeds=flags.seeds,
    )
    write_bytes(flags.page, page.render_page(study, flags.template).encode())


if __name__ == "__main__":
    run(main)
