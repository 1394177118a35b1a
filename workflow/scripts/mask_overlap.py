"""Rule mask_overlap: which weights masks keep in common, and how many they would by chance."""

from __future__ import annotations

import argparse
from pathlib import Path

from tickets import cells, figures, heat_maps, mask_tables, overlap, provenance
from tickets.errors import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    mask_tables.add_masks(parser)
    parser.add_argument("--table", type=Path, required=True, help="to write (CSV)")
    for name in ("svg", "png"):
        parser.add_argument(f"--{name}", type=Path, required=True, help="heat map to write")
    flags = parser.parse_args()
    started = provenance.now()
    table = overlap.overlap_table(mask_tables.read_all(flags))
    chart = heat_maps.overlap(table)
    outputs = {
        flags.table: cells.csv(table),
        flags.svg: figures.svg(chart),
        flags.png: figures.png(chart),
    }
    mask_tables.write(outputs, rule="mask_overlap", flags=flags, started=started)


if __name__ == "__main__":
    run(main)
