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
    output: Path = flag("folder to write to")


def main() -> None:
    parameters, what = flags.parse(__doc__, Language, What)
    started = provenance.now()
    if pairs := what.pretraining_pairs:
        rule, paths = "pretraining_text", [write_pretraining(parameters, pairs, what.output)]
        parameters = pretraining_text.Parameters(**asdict(parameters), pretraining_pairs=pairs)
    else:
        rule, paths = "language", write(parameters, what.output)
    provenance.write(
        *paths, rule=rule, parameters=flags.recorded(parameters), dependencies={}, started=started
    )


if __name__ == "__main__":
    run(main)
