"""Rule layer_sparsity: how much of each layer's matrices the masks prune."""

from __future__ import annotations

import argparse
from pathlib import Path

from tickets import cells, figures, heat_maps, layer_sparsity, mask_tables, provenance
from tickets.errors import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    mask_tables.add_masks(parser)
    parser.add_argument("--table", type=Path, required=True, help="to write (CSV)")
    for name in ("svg", "png"):
        parser.add_argument(f"--{name}", type=Path, required=True, help="heat map to write")
    flags = parser.parse_args()
    started = provenance.now()
    table = layer_sparsity.layer_sparsity_table(mask_tables.read_all(flags))
    chart = heat_maps.layer_sparsity(table)
    outputs = {
        flags.table: cells.csv(table),
        flags.svg: figures.svg(chart),
        flags.png: figures.png(chart),
    }
    mask_tables.write(outputs, rule="layer_sparsity", flags=flags, started=started)


if __name__ == "__main__":
    run(main)
