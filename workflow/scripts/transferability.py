"""Rule transferability: how well each source's mask serves the other tasks, by the number of its
training examples.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tickets import canonical, provenance
from tickets.errors import BadInput, run
from tickets.tables import cells, tabulation
from tickets.tables.transferability import transferability_table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    tabulation.add_cells(parser)
    parser.add_argument(
        "--examples",
        type=_example,
        nargs="+",
        required=True,
        metavar="SOURCE=FILE",
        help="training examples of every task and subset, in canonical columns",
    )
    parser.add_argument(
        "--subsets",
        type=_pair,
        nargs="*",
        default=[],
        metavar="NAME=PARENT",
        help="sources that are a part of a task's training examples, and that task",
    )
    parser.add_argument("--table", type=Path, required=True, help="to write (CSV)")
    flags = parser.parse_args()
    started = provenance.now()
    examples: dict[str, Path] = dict(flags.examples)
    sizes = {name: canonical.read(file).num_rows for name, file in examples.items()}
    table = transferability_table(
        tabulation.read_metrics(flags.metrics),
        flags.tasks,
        dict(flags.subsets),
        sizes,
        flags.sparsity,
        flags.rewind,
    )
    outputs = {flags.table: cells.csv(table)}
    tabulation.write(
        outputs,
        rule="transferability",
        parameters=tabulation.recorded(flags) | {"sizes": sizes},
        dependencies={"metrics": flags.metrics} | examples,
        started=started,
    )


def _pair(word: str) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    if not (name and equals and value):
        raise BadInput(f"{word}: not of the form NAME=VALUE")
    return name, value


def _example(word: str) -> tuple[str, Path]:
    name, file = _pair(word)
    return name, Path(file)


if __name__ == "__main__":
    run(main)
