"""Rule sparsity_sweep: masks of every finder at every sparsity, each on its own task."""

from __future__ import annotations

import argparse
from pathlib import Path

from tickets import provenance
from tickets.errors import run
from tickets.figures import charts, curves
from tickets.tables import cells, sweep, tabulation


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    tabulation.add_tasks(parser)
    parser.add_argument("--finders", nargs="*", default=[], help="those followed beside imp")
    parser.add_argument("--sparsities", nargs="+", required=True, help="percent, one a round")
    parser.add_argument("--rewind", type=float, required=True, help="percent of training")
    parser.add_argument("--table", type=Path, required=True, help="to write (CSV)")
    for name in ("svg", "png"):
        parser.add_argument(f"--{name}", type=Path, required=True, help="curves to write")
    flags = parser.parse_args()
    started = provenance.now()
    table = sweep.sweep_table(
        tabulation.read_metrics(flags.metrics),
        flags.tasks,
        flags.finders,
        flags.sparsities,
        flags.rewind,
    )
    chart = curves.sparsity_sweep(table)
    outputs = {
        flags.table: cells.csv(table),
        flags.svg: charts.svg(chart),
        flags.png: charts.png(chart),
    }
    tabulation.write(
        outputs,
        rule="sparsity_sweep",
        parameters=tabulation.recorded(flags),
        dependencies={"metrics": flags.metrics},
        started=started,
    )


if __name__ == "__main__":
    run(main)
