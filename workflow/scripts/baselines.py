"""Rule baselines: what a ticket is compared with: majority, full model, other masks and weights."""

from __future__ import annotations

import argparse
from pathlib import Path

from tickets import provenance
from tickets.errors import run
from tickets.tables import baselines, cells, tabulation


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    tabulation.add_cells(parser)
    parser.add_argument("--table", type=Path, required=True, help="to write (CSV)")
    parser.add_argument("--text", type=Path, required=True, help="to write (to read)")
    flags = parser.parse_args()
    started = provenance.now()
    metrics = tabulation.read_metrics(flags.metrics)
    table = baselines.baselines_table(metrics, flags.tasks, flags.sparsity, flags.rewind)
    outputs = {
        flags.table: cells.csv(table),
        flags.text: baselines.render(table).encode() + b"\n",
    }
    tabulation.write(
        outputs,
        rule="baselines",
        parameters=tabulation.recorded(flags),
        dependencies={"metrics": flags.metrics},
        started=started,
    )


if __name__ == "__main__":
    run(main)
