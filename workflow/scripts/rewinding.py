"""Rule rewinding: tickets rewound to later weights than theta_0, and standard pruning."""

from __future__ import annotations

import argparse
from pathlib import Path

from tickets import cells, curves, figures, files, provenance, rewinding, tabulation
from tickets.errors import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--metrics", type=Path, required=True, help="scores of the trainings")
    parser.add_argument("--tasks", nargs="+", required=True, help="the study's tasks, in its order")
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
    files.write_bytes(flags.table, cells.csv(table))
    files.write_bytes(flags.text, rewinding.render(table).encode() + b"\n")
    files.write_bytes(flags.svg, figures.svg(chart))
    files.write_bytes(flags.png, figures.png(chart))
    provenance.write(
        *(flags.table, flags.text, flags.svg, flags.png),
        rule="rewinding",
        parameters={
            "tasks": flags.tasks,
            "sparsities": flags.sparsities,
            "rewinds": list(map(repr, flags.rewinds)),
        },
        dependencies={"metrics": flags.metrics},
        started=started,
    )


if __name__ == "__main__":
    run(main)
