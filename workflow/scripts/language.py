"""Rules language and pretraining_text: write the artificial language's tasks or its text."""

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
        "seed": "seed for all words, facts and examples",
        "topics": "number of topics, each with its own words",
        "persons": "number of persons, each with facts",
        "train_examples": "rows in each task's training split",
        "validation_examples": "rows in each task's validation split",
    }
    for field in fields(Language):
        flag = f"--{field.name.replace('_', '-')}"
        parser.add_argument(flag, type=int, required=True, help=helps[field.name])
    parser.add_argument(
        "--pretraining-pairs", type=int, help="write the text, with so many rows, and no tasks"
    )
    parser.add_argument("--output", type=Path, required=True, help="folder to write to")
    parameters = {n: v for n, v in vars(parser.parse_args()).items() if v is not None}
    folder = parameters.pop("output")
    started = provenance.now()
    language = Language(**{field.name: parameters[field.name] for field in fields(Language)})
    if pairs := parameters.get("pretraining_pairs"):
        rule, paths = "pretraining_text", [write_pretraining(language, pairs, folder)]
    else:
        rule, paths = "language", write(language, folder)
    provenance.write(*paths, rule=rule, parameters=parameters, dependencies={}, started=started)


if __name__ == "__main__":
    run(main)
