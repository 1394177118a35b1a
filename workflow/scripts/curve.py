"""Rule curve: transferability, or the sweep of transferred masks, from its table to a figure."""

from __future__ import annotations

import argparse
from pathlib import Path

from tickets import provenance
from tickets.errors import run
from tickets.figures import charts, curves, scatter
from tickets.tables import tabulation

FIGURES = {"transferability": scatter.transferability, "transfer_sweep": curves.transfer_sweep}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--figure", choices=FIGURES, required=True, help="which one")
    parser.add_argument(
        "--table", type=Path, required=True, help="transferability.csv or transfer_variants.csv"
    )
    for name in ("svg", "png"):
        parser.add_argument(f"--{name}", type=Path, required=True, help="figure to write")
    flags = parser.parse_args()
    started = provenance.now()
    chart = FIGURES[flags.figure](tabulation.read_table(flags.table))
    outputs = {flags.svg: charts.svg(chart), flags.png: charts.png(chart)}
    tabulation.write(
        outputs,
        rule="curve",
        parameters=tabulation.recorded(flags),
        dependencies={"table": flags.table},
        started=started,
    )


if __name__ == "__main__":
    run(main)
