"""Rule data: convert a task's data set to canonical columns."""

from __future__ import annotations

import argparse
from pathlib import Path

from tickets import provenance
from tickets.canonical import Selection, prepare, write
from tickets.data.sources import locate
from tickets.errors import run


def main() -> None:
    """Read both splits from a directory or the hub, and write them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--task", required=True, help="the task's name")
    parser.add_argument("--head", required=True, help="classification, regression, span or mlm")
    parser.add_argument("--dataset", required=True, help="hub id or local directory")
    parser.add_argument("--name", help="its configuration's folder, if it has one")
    parser.add_argument("--revision", help="40 hexadecimal digits, for a hub id")
    parser.add_argument("--local-copy", help="directory to read instead of the hub")
    parser.add_argument("--train-split", required=True, help="name of the training split")
    parser.add_argument("--validation-split", required=True, help="name of the validation split")
    parser.add_argument("--text", nargs="+", required=True, help="text columns, one or two")
    parser.add_argument("--label", help="label column")
    parser.add_argument("--labels", type=int, help="number of classes")
    parser.add_argument("--train-examples", type=int, help="size of a random subset; default: all")
    parser.add_argument("--validation-examples", type=int, help="the same for validation")
    parser.add_argument("--train-output", type=Path, required=True, help="file to write")
    parser.add_argument("--validation-output", type=Path, required=True, help="file to write")
    flags = parser.parse_args()
    files = locate(
        flags.dataset,
        flags.name,
        flags.revision,
        {flags.dataset: flags.local_copy} if flags.local_copy else {},
        (flags.train_split, flags.validation_split),
    )
    for split, examples, output in (
        (flags.train_split, flags.train_examples, flags.train_output),
        (flags.validation_split, flags.validation_examples, flags.validation_output),
    ):
        started = provenance.now()
        selection = Selection(
            task=flags.task,
            head=flags.head,
            split=split,
            text=tuple(flags.text),
            label=flags.label,
            labels=flags.labels,
            examples=examples,
        )
        table = prepare(files.splits[split], selection)
        write(output, table)
        origin = {"dataset": flags.dataset, "name": flags.name, "revision": flags.revision}
        provenance.write(
            output,
            rule="data",
            parameters={**origin, **vars(selection)},
            # The hub's cache contains links: record the files that they point to.
            dependencies={f"source/{file.name}": file.resolve() for file in files.splits[split]},
            facts={"rows": table.num_rows, "from": "hub" if files.revision else "directory"},
            started=started,
        )


if __name__ == "__main__":
    run(main)
