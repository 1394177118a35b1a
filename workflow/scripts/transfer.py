"""Rule transfer: every mask on every task, as tidy rows, as Figure 2's matrix and heat map, and as
a table to read.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tickets import provenance
from tickets.errors import run
from tickets.figures import charts, heat_maps
from tickets.tables import cells, tabulation, transfer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    tabulation.add_cells(parser)
    for name, what in (("table", "CSV"), ("matrix", "CSV"), ("text", "to read")):
        parser.add_argument(f"--{name}", type=Path, required=True, help=f"to write ({what})")
    for name in ("svg", "png"):
        parser.add_argument(f"--{name}", type=Path, required=True, help="heat map to write")
    flags = parser.parse_args()
    started = provenance.now()
    metrics = tabulation.read_metrics(flags.metrics)
    table = transfer.transfer_table(metrics, flags.tasks, flags.sparsity, flags.rewind)
    chart = heat_maps.transfer(table)
    outputs = {
        flags.table: cells.csv(table),
        flags.matrix: cells.csv(transfer.wide(table)),
        flags.text: transfer.render(table).encode() + b"\n",
        flags.svg: charts.svg(chart),
        flags.png: charts.png(chart),
    }
    tabulation.write(
        outputs,
        rule="transfer",
        parameters=tabulation.recorded(flags),
        dependencies={"metrics": flags.metrics},
        started=started,
    )


if __name__ == "__main__":
    run(main)
