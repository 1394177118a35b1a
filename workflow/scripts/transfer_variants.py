"""Rule transfer_variants: transfer at winning sparsities, over all sparsities, and with the later
weights of a source.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tickets import provenance
from tickets.errors import run
from tickets.schedule import parse
from tickets.tables import cells, tabulation, winning_sparsities
from tickets.tables.transfer_variants import Grid, transfer_variants_table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    tabulation.add_cells(parser)
    parser.add_argument(
        "--winning-sparsities", type=Path, required=True, help="of each task and criterion (CSV)"
    )
    parser.add_argument(
        "--sparsities", nargs="+", required=True, help="percent, those of the sweep"
    )
    parser.add_argument(
        "--mlm-tasks", nargs="*", default=[], help="tasks whose masks are swept over sparsities"
    )
    parser.add_argument(
        "--sources", nargs="*", default=[], help="tasks whose later weights are transferred"
    )
    parser.add_argument(
        "--rewinds", type=float, nargs="*", default=[], help="percents of training to take them at"
    )
    parser.add_argument("--table", type=Path, required=True, help="to write (CSV)")
    flags = parser.parse_args()
    started = provenance.now()
    grid = Grid(
        tasks=flags.tasks,
        winning=winning_sparsities.read(flags.winning_sparsities),
        sparsities=[float(parse(label)) for label in flags.sparsities],
        mlm_tasks=flags.mlm_tasks,
        later_sources=flags.sources,
        rewinds=flags.rewinds,
        sparsity=flags.sparsity,
        rewind=flags.rewind,
    )
    table = transfer_variants_table(tabulation.read_metrics(flags.metrics), grid)
    outputs = {flags.table: cells.csv(table)}
    tabulation.write(
        outputs,
        rule="transfer_variants",
        parameters=tabulation.recorded(flags),
        dependencies={"metrics": flags.metrics, "winning_sparsities": flags.winning_sparsities},
        started=started,
    )


if __name__ == "__main__":
    run(main)
