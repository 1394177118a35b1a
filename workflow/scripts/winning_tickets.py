"""Rule winning_tickets: each task's winning ticket, and what it is compared with (Table 2)."""

from __future__ import annotations

import argparse
from pathlib import Path

from tickets import provenance
from tickets.errors import run
from tickets.tables import cells, tabulation, winning_sparsities, winning_tickets


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--metrics", type=Path, required=True, help="scores of the trainings")
    parser.add_argument(
        "--winning-sparsities", type=Path, required=True, help="of each task and criterion (CSV)"
    )
    parser.add_argument("--tasks", nargs="+", required=True, help="the study's tasks, in its order")
    parser.add_argument("--rewind", type=float, required=True, help="percent of training")
    parser.add_argument("--table", type=Path, required=True, help="to write (CSV)")
    parser.add_argument("--text", type=Path, required=True, help="to write (to read)")
    flags = parser.parse_args()
    started = provenance.now()
    table = winning_tickets.winning_tickets_table(
        tabulation.read_metrics(flags.metrics),
        flags.tasks,
        winning_sparsities.read(flags.winning_sparsities),
        flags.rewind,
    )
    outputs = {
        flags.table: cells.csv(table),
        flags.text: winning_tickets.render(table).encode() + b"\n",
    }
    tabulation.write(
        outputs,
        rule="winning_tickets",
        parameters=tabulation.recorded(flags),
        dependencies={"metrics": flags.metrics, "winning_sparsities": flags.winning_sparsities},
        started=started,
    )


if __name__ == "__main__":
    run(main)
