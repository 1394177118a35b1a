"""Rule `language`: write the embedded artificial language, its tasks and its corpus."""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path

from tickets import provenance
from tickets.errors import run
from tickets.language import Language, write


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    helps = {
        "seed": "what all words, facts and examples are drawn from",
        "topics": "number of topics, each with its own words",
        "persons": "number of persons about whom there are facts",
        "train_examples": "rows of every task's training split",
        "validation_examples": "rows of every task's validation split",
        "pretraining_pairs": "rows of the corpus",
    }
    for field in fields(Language):
        flag = f"--{field.name.replace('_', '-')}"
        parser.add_argument(flag, type=int, required=True, help=helps[field.name])
    parser.add_argument("--output", type=Path, required=True, help="folder to write into")
    arguments = vars(parser.parse_args())
    folder = arguments.pop("output")
    started = provenance.now()
    for path in write(Language(**arguments), folder):
        provenance.write(
            path, rule="language", parameters=arguments, dependencies={}, started=started
        )


if __name__ == "__main__":
    run(main)
