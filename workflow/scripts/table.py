"""Rule of each table: write the table, its text and its figure, as its declaration says."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tickets import files, flags, provenance
from tickets.design import registry
from tickets.design.dag import Design
from tickets.design.table_spec import LOSSES, MASKS, Inputs
from tickets.errors import BadInput, run
from tickets.flags import flag
from tickets.paths import Results
from tickets.tables import tabulation


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """Which table, and what it is made from."""

    name: str = flag("which table: one of the package's folder tables", positional=True)
    results: str = flag("the study's results folder")
    parameters: dict[str, Any] = flag("as JSON, by name", read=json.loads)
    inputs: Sequence[str] = flag(
        "what it is made from; the role of a mask or of losses is its path in the results folder",
        default=(),
        metavar="ROLE=FILE",
    )
    design: Design | None = flag(
        "the study's grid, as JSON, for a table of lines", default=None, read=Design.from_json
    )


def main() -> None:
    arguments = flags.parse(__doc__, Arguments)
    started = provenance.now()
    spec, results = registry.table(arguments.name), Results(root=arguments.results)
    sources: dict[str, str] = dict(map(_pair, arguments.inputs))
    for role, file in sources.items():
        if role.startswith((MASKS, LOSSES)) and Path(file) != Path(arguments.results, role):
            raise BadInput(f"--inputs {role}={file}: not in the results folder {arguments.results}")
    if arguments.design:
        sources |= spec.line_files(results, arguments.design)
    inputs = Inputs(parameters=arguments.parameters, paths=sources, reader=tabulation.StatedFiles())
    table = spec.make(inputs)
    contents = tabulation.contents(spec, table, inputs, results)
    contents |= tabulation.figure(spec, table, results)
    for path, content in contents.items():
        files.write_bytes(Path(path), content)
    counts = {name: count.of(inputs) for name, count in spec.counts.items()}
    provenance.write(
        *map(Path, contents),
        rule=spec.name,
        parameters=arguments.parameters | counts,
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
