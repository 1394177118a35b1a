"""Rule new_model: the embedded study's model directory before pre-training."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tickets import flags
from tickets.errors import run
from tickets.flags import flag
from tickets.initial import pretraining
from tickets.initial.pretraining import Size


@dataclass(frozen=True, kw_only=True)
class Files:
    """What is read and written."""

    vocabulary: Path = flag("the words, one per line")
    output: Path = flag("directory to write to")


def main() -> None:
    size, files = flags.parse(__doc__, Size, Files)
    pretraining.write_model(files.output, size, files.vocabulary.read_text().split())


if __name__ == "__main__":
    run(main)
