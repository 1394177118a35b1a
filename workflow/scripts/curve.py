"""Rule curve: transferability, or the sweep of transferred masks, from its table to a figure."""

from __future__ import annotations

import argparse
import io
from pathlib import Path

import pandas as pd

from tickets import curves, figures, files, provenance, scatter
from tickets.errors import run

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
    chart = FIGURES[flags.figure](pd.read_csv(io.BytesIO(provenance.read(flags.table))))
    files.write_bytes(flags.svg, figures.svg(chart))
    files.write_bytes(flags.png, figures.png(chart))
    provenance.write(
        *(flags.svg, flags.png),
        rule="curve",
        parameters={"figure": flags.figure},
        dependencies={"table": flags.table},
        started=started,
    )


if __name__ == "__main__":
    run(main)
