"""Rule baselines: what a ticket is compared with: majority, full model, other masks and weights."""

from __future__ import annotations

import argparse
import io
from pathlib import Path

import pandas as pd

from tickets import baselines, cells, files, provenance
from tickets.errors import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--metrics", type=Path, required=True, help="scores of the trainings")
    parser.add_argument("--tasks", nargs="+", required=True, help="the study's tasks, in its order")
    parser.add_argument("--sparsity", type=float, required=True, help="fraction pruned, 0 to 1")
    parser.add_argument("--rewind", type=float, required=True, help="percent of training")
    parser.add_argument("--table", type=Path, required=True, help="to write (CSV)")
    parser.add_argument("--text", type=Path, required=True, help="to write (to read)")
    flags = parser.parse_args()
    started = provenance.now()
    metrics = pd.read_parquet(io.BytesIO(provenance.read(flags.metrics)))
    table = baselines.baselines_table(metrics, flags.tasks, flags.sparsity, flags.rewind)
    outputs = {
        flags.table: cells.csv(table),
        flags.text: baselines.render(table).encode() + b"\n",
    }
    for path, content in outputs.items():
        files.write_bytes(path, content)
        provenance.write(
            path,
            rule="baselines",
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
