"""Rule mask_table: which weights masks keep in common, or how much of each layer they prune."""

from __future__ import annotations

import argparse
from pathlib import Path

from tickets import provenance
from tickets.errors import BadInput, run
from tickets.figures import charts, heat_maps
from tickets.tables import cells, tabulation
from tickets.tables.layer_sparsity import layer_sparsity_table
from tickets.tables.mask_tables import read_all
from tickets.tables.overlap import overlap_table

TABLES = {
    "mask_overlap": (overlap_table, heat_maps.mask_overlap),
    "layer_sparsity": (layer_sparsity_table, heat_maps.layer_sparsity),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", choices=TABLES, required=True, help="which table")
    parser.add_argument("--results", type=Path, required=True, help="the study's results folder")
    parser.add_argument(
        "--masks",
        type=Path,
        nargs="+",
        required=True,
        help="mask files in it; the table has sources in the order in which they come first here",
    )
    parser.add_argument("--table", type=Path, required=True, help="to write (CSV)")
    for name in ("svg", "png"):
        parser.add_argument(f"--{name}", type=Path, required=True, help="heat map to write")
    flags = parser.parse_args()
    started = provenance.now()
    for path in flags.masks:
        if not path.is_relative_to(flags.results):
            raise BadInput(f"--masks {path}: not in the results folder {flags.results}")
    tabulate, draw = TABLES[flags.name]
    table = tabulate(read_all(flags.masks))
    chart = draw(table)
    outputs = {
        flags.table: cells.csv(table),
        flags.svg: charts.svg(chart),
        flags.png: charts.png(chart),
    }
    tabulation.write(
        outputs,
        rule=flags.name,
        parameters={},
        dependencies={path.relative_to(flags.results).as_posix(): path for path in flags.masks},
        started=started,
    )


if __name__ == "__main__":
    run(main)
