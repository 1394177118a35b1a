"""Rules language and pretraining_text: write the artificial language's tasks, or its text."""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path

from tickets import provenance
from tickets.errors import run
from tickets.language.generator import Language, write, write_pretraining


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    helps = {
        "seed": "what all words, facts and examples are drawn from",
        "topics": "number of topics, each with its own words",
        "persons": "number of persons about whom there are facts",
        "train_examples": "rows of every task's training split",
        "validation_examples": "rows of every task's validation split",
    }
    for field in fields(Language):
        flag = f"--{field.name.replace('_', '-')}"
        parser.add_argument(flag, type=int, required=True, help=helps[field.name])
    parser.add_argument(
        "--pretraining-pairs", type=int, help="rows of the text, to write it instead of the tasks"
    )
    parser.add_argument("--output", type=Path, required=True, help="folder to write into")
    parameters = {n: v for n, v in vars(parser.parse_args()).items() if v is not None}
    folder = parameters.pop("output")
    started = provenance.now()
    asked = Language(**{field.name: parameters[field.name] for field in fields(Language)})
    if pairs := parameters.get("pretraining_pairs"):
        rule, written = "pretraining_text", [write_pretraining(asked, pairs, folder)]
    else:
        rule, written = "language", write(asked, folder)
    provenance.write(*written, rule=rule, parameters=parameters, dependencies={}, started=started)


if __name__ == "__main__":
    run(main)
