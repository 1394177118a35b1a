"""Rule new_model: the embedded study's model directory before pre-training."""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path

from tickets.errors import run
from tickets.initial import pretraining
from tickets.initial.pretraining import Size


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vocabulary", type=Path, required=True, help="the words, one per line")
    for field in fields(Size):
        name = field.name.replace("_", " ")
        parser.add_argument(
            f"--{field.name.replace('_', '-')}", type=int, required=True, help=f"its {name}"
        )
    parser.add_argument("--output", type=Path, required=True, help="directory to write to")
    flags = vars(parser.parse_args())
    output, vocabulary = flags.pop("output"), flags.pop("vocabulary")
    pretraining.write_model(output, Size(**flags), vocabulary.read_text().split())


if __name__ == "__main__":
    run(main)
