"""Rule transfer: every mask on every task, as tidy rows, as Figure 2's matrix and heat map, and as
a table to read.
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path

import pandas as pd

from tickets import cells, figures, files, provenance, transfer
from tickets.errors import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--metrics", type=Path, required=True, help="scores of the trainings")
    parser.add_argument("--tasks", nargs="+", required=True, help="the study's tasks, in its order")
    parser.add_argument("--sparsity", type=float, required=True, help="fraction pruned, 0 to 1")
    parser.add_argument("--rewind", type=float, required=True, help="percent of training")
    for name, what in (("table", "CSV"), ("matrix", "CSV"), ("text", "to read")):
        parser.add_argument(f"--{name}", type=Path, required=True, help=f"to write ({what})")
    for name in ("svg", "png"):
        parser.add_argument(f"--{name}", type=Path, required=True, help="heat map to write")
    flags = parser.parse_args()
    started = provenance.now()
    metrics = pd.read_parquet(io.BytesIO(provenance.read(flags.metrics)))
    table = transfer.transfer_table(metrics, flags.tasks, flags.sparsity, flags.rewind)
    chart = figures.heat_map(table)
    outputs = {
        flags.table: cells.csv(table),
        flags.matrix: cells.csv(transfer.wide(table)),
        flags.text: transfer.render(table).encode() + b"\n",
        flags.svg: figures.svg(chart),
        flags.png: figures.png(chart),
    }
    for path, content in outputs.items():
        files.write_bytes(path, content)
        provenance.write(
            path,
            rule="transfer",
            parameters={
                "tasks": flags.tasks,
                "sparsity": repr(flags.sparsity),
                "rewind": repr(flags.rewind),
            },
            dependencies={"metrics": flags.metrics},
            started=started,
        )


if __name__ == "__main__":
    run(main)
