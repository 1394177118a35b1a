"""Rules language and pretraining_text: write the artificial language's tasks or its text."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from tickets import flags, provenance
from tickets.errors import run
from tickets.flags import flag
from tickets.language.generator import Language, write, write_pretraining
from tickets.rules import pretraining_text


@dataclass(frozen=True, kw_only=True)
class What:
    """What is written, and where."""

    pretraining_pairs: int | None = flag("write the text, with so many rows, and no tasks")
    next_sentence: float = flag("share of its second sentences drawn at random", default=0.0)
    output: Path = flag("folder to write to")


def main() -> None:
    parameters, what = flags.parse(__doc__, Language, What)
    started = provenance.now()
    if pairs := what.pretraining_pairs:
        share = what.next_sentence
        rule, paths = "pretraining_text", [write_pretraining(parameters, pairs, share, what.output)]
        parameters = pretraining_text.Parameters(
            **asdict(parameters), pretraining_pairs=pairs, next_sentence=share
        )
    else:
        rule, paths = "language", write(parameters, what.output)
    provenance.write(
        *paths, rule=rule, parameters=flags.recorded(parameters), dependencies={}, started=started
    )


if __name__ == "__main__":
    run(main)
