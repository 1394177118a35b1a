"""Rule rewinding: tickets rewound to later weights than theta_0, and standard pruning."""

from __future__ import annotations

import argparse
from pathlib import Path

from tickets import provenance
from tickets.errors import run
from tickets.figures import charts, curves
from tickets.tables import cells, rewinding, tabulation


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    tabulation.add_tasks(parser)
    parser.add_argument("--sparsities", nargs="+", required=True, help="percent, one a round")
    parser.add_argument(
        "--rewinds", type=float, nargs="*", default=[], help="percents of training, beside 0"
    )
    parser.add_argument("--table", type=Path, required=True, help="to write (CSV)")
    parser.add_argument("--text", type=Path, required=True, help="to write (to read)")
    for name in ("svg", "png"):
        parser.add_argument(f"--{name}", type=Path, required=True, help="curves to write")
    flags = parser.parse_args()
    started = provenance.now()
    metrics = tabulation.read_metrics(flags.metrics)
    table = rewinding.rewinding_table(metrics, flags.tasks, flags.sparsities, flags.rewinds)
    chart = curves.rewinding(table)
    outputs = {
        flags.table: cells.csv(table),
        flags.text: rewinding.render(table).encode() + b"\n",
        flags.svg: charts.svg(chart),
        flags.png: charts.png(chart),
    }
    tabulation.write(
        outputs,
        rule="rewinding",
        parameters=tabulation.recorded(flags),
        dependencies={"metrics": flags.metrics},
        started=started,
    )


if __name__ == "__main__":
    run(main)
