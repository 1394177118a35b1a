"""Rule data: convert a task's data set to canonical columns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from tickets import flags, provenance
from tickets.canonical import prepare, write
from tickets.data.sources import locate
from tickets.errors import run
from tickets.flags import flag
from tickets.rules.data import Parameters


@dataclass(frozen=True, kw_only=True)
class Files:
    """Where the rows are, how many, and what is written."""

    local_copy: str | None = flag("directory to read instead of the hub")
    train_split: str = flag("name of the training split")
    validation_split: str = flag("name of the validation split")
    train_examples: int | None = flag("size of a random subset; default: all")
    validation_examples: int | None = flag("the same for validation")
    train_output: Path = flag("file to write")
    validation_output: Path = flag("file to write")


def main() -> None:
    """Read both splits from a directory or the hub, and write them."""
    parameters, files = flags.parse(__doc__, Parameters, Files)
    origin = locate(
        parameters.dataset,
        parameters.name,
        parameters.revision,
        {parameters.dataset: files.local_copy} if files.local_copy else {},
        (files.train_split, files.validation_split),
    )
    for split, examples, output in (
        (files.train_split, files.train_examples, files.train_output),
        (files.validation_split, files.validation_examples, files.validation_output),
    ):
        started = provenance.now()
        selection = replace(parameters, split=split, examples=examples)
        table = prepare(origin.splits[split], selection)
        write(output, table)
        provenance.write(
            output,
            rule="data",
            parameters=flags.recorded(selection),
            # The hub's cache contains links: record the files that they point to.
            dependencies={f"source/{file.name}": file.resolve() for file in origin.splits[split]},
            facts={"rows": table.num_rows, "from": "hub" if origin.revision else "directory"},
            started=started,
        )


if __name__ == "__main__":
    run(main)
