"""Rule of each table: write the table, its text and its figure, as its declaration says."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from tickets import files, provenance
from tickets.design import registry
from tickets.design.table_spec import MASKS, Inputs
from tickets.errors import BadInput, run
from tickets.paths import Results
from tickets.tables import tabulation


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", help="the table's name: a file in the package's folder tables")
    parser.add_argument("--results", required=True, help="the study's results folder")
    parser.add_argument("--parameters", type=json.loads, required=True, help="JSON object")
    parser.add_argument(
        "--inputs",
        type=_pair,
        nargs="+",
        required=True,
        metavar="ROLE=FILE",
        help="files that it is made from; a mask's role is its path in the results folder",
    )
    flags = parser.parse_args()
    started = provenance.now()
    spec, results = registry.table(flags.name), Results(root=flags.results)
    sources: dict[str, str] = dict(flags.inputs)
    for role, file in sources.items():
        if role.startswith(MASKS) and Path(file) != Path(flags.results, role):
            raise BadInput(f"--inputs {role}={file}: not in the results folder {flags.results}")
    inputs = Inputs(parameters=flags.parameters, paths=sources, reader=tabulation.StatedFiles())
    table = spec.make(inputs)
    contents = tabulation.contents(spec, table, inputs, results)
    contents |= tabulation.figure(spec, table, results)
    for path, content in contents.items():
        files.write_bytes(Path(path), content)
    counts = {name: count.of(inputs) for name, count in spec.counts.items()}
    provenance.write(
        *map(Path, contents),
        rule=spec.name,
        parameters=flags.parameters | counts,
        dependencies={role: Path(path) for role, path in sources.items()},
        started=started,
    )


def _pair(word: str) -> tuple[str, str]:
    role, equals, file = word.partition("=")
    if not (role and equals and file):
        raise BadInput(f"--inputs {word}: write ROLE=FILE")
    return role, file


if __name__ == "__main__":
    run(main)
