"""Rule encode: encode a task's canonical data as token ids for one model."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from tickets import canonical, flags, provenance
from tickets.data.encoding import encode
from tickets.data.sources import MODEL_FILES, files_of
from tickets.errors import run
from tickets.flags import flag
from tickets.rules.encode import Parameters


@dataclass(frozen=True, kw_only=True)
class Files:
    """What is read and written."""

    model: Path = flag("directory with the tokenizer")
    train: Path = flag("canonical training data")
    validation: Path = flag("canonical validation data")
    train_output: Path = flag("Arrow file to write")
    validation_output: Path = flag("Arrow file to write")


def main() -> None:
    """Encode both splits."""
    parameters, files = flags.parse(__doc__, Parameters, Files)
    os.environ["TOKENIZERS_PARALLELISM"] = "false"  # a job has one core
    model = {f"model/{file.name}": file.resolve() for file in files_of(files.model, MODEL_FILES)}
    for split, source, output in (
        ("train", files.train, files.train_output),
        ("validation", files.validation, files.validation_output),
    ):
        started = provenance.now()
        encoded = encode(
            canonical.read(source), parameters, files.model, validation=split == "validation"
        )
        encoded.write(output)
        provenance.write(
            output,
            rule="encode",
            parameters=flags.recorded(replace(parameters, split=split)),
            dependencies={"data": source, **model},
            facts={"features": len(encoded), "tokens": len(encoded.tokens)},
            started=started,
        )


if __name__ == "__main__":
    run(main)
