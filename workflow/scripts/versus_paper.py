"""Rule versus_paper: the paper's numbers beside the study's, and whether its claims hold here."""

from __future__ import annotations

import argparse
from pathlib import Path

from tickets import provenance
from tickets.errors import run
from tickets.tables import cells, claims, published, tabulation, versus_paper


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--published", type=Path, required=True, help="folder of the paper's numbers"
    )
    for name in claims.TABLES:
        flag = "--" + name.replace("_", "-")
        parser.add_argument(flag, type=Path, required=True, help="the study's (CSV)")
    parser.add_argument(
        "--mlm-tasks", nargs="*", default=[], help="tasks that are masked language modelling"
    )
    parser.add_argument("--table", type=Path, required=True, help="to write (CSV)")
    parser.add_argument("--text", type=Path, required=True, help="claims to write (to read)")
    flags = parser.parse_args()
    started = provenance.now()
    paths: dict[str, Path] = {name: getattr(flags, name) for name in claims.TABLES}
    tables = {name: tabulation.read_table(path) for name, path in paths.items()}
    judged = claims.claims(claims.Tables(**tables, mlm_tasks=flags.mlm_tasks))
    table = versus_paper.versus_paper_table(
        published.values(flags.published), tables["winning_tickets"], tables["transfer"], judged
    )
    outputs = {
        flags.table: cells.csv(table),
        flags.text: versus_paper.render(judged).encode() + b"\n",
    }
    tabulation.write(
        outputs,
        rule="versus_paper",
        parameters=tabulation.recorded(flags),
        dependencies=paths | {name: flags.published / name for name in published.FILES},
        started=started,
    )


if __name__ == "__main__":
    run(main)
