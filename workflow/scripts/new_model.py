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
    next_sentence: bool = flag("with a head for next-sentence prediction", default=False)
    output: Path = flag("directory to write to")


def main() -> None:
    size, files = flags.parse(__doc__, Size, Files)
    words = files.vocabulary.read_text().split()
    pretraining.write_model(files.output, size, words, next_sentence=files.next_sentence)


if __name__ == "__main__":
    run(main)
