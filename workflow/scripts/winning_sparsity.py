"""Rule winning_sparsity: the highest sparsity at which IMP finds a winning ticket, of each task."""

from __future__ import annotations

import argparse
from pathlib import Path

from tickets import provenance
from tickets.errors import run
from tickets.tables import cells, tabulation, winning


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    tabulation.add_tasks(parser)
    parser.add_argument("--sparsities", nargs="+", required=True, help="percent, one a round")
    parser.add_argument("--rewind", type=float, required=True, help="percent of training")
    parser.add_argument("--table", type=Path, required=True, help="to write (CSV)")
    flags = parser.parse_args()
    started = provenance.now()
    metrics = tabulation.read_metrics(flags.metrics)
    table = winning.winning_table(metrics, flags.tasks, flags.sparsities, flags.rewind)
    outputs = {flags.table: cells.csv(table)}
    tabulation.write(
        outputs,
        rule="winning_sparsity",
        parameters=tabulation.recorded(flags),
        dependencies={"metrics": flags.metrics},
        started=started,
    )


if __name__ == "__main__":
    run(main)
