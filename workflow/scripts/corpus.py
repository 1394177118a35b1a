"""Rule corpus: encode the text for the embedded study's pre-training as token ids."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from tickets import canonical, flags, provenance
from tickets.canonical import Selection
from tickets.data.encoding import encode
from tickets.data.settings import Settings
from tickets.errors import run
from tickets.flags import flag, source
from tickets.rules.corpus import Parameters


@dataclass(frozen=True, kw_only=True)
class Files:
    """What is read and written."""

    text: Path = source("pairs of sentences (parquet)")
    model: Path = flag("configuration and tokenizer")
    output: Path = flag("Arrow file to write")


def main() -> None:
    parameters, files = flags.parse(__doc__, Parameters, Files)
    started = provenance.now()
    os.environ["TOKENIZERS_PARALLELISM"] = "false"  # a job has one core
    pairs = canonical.prepare(
        [files.text],
        Selection(
            task="pretraining",
            head="mlm",
            split="train",
            text=("first", "second"),
            label="label" if "label" in pq.read_schema(files.text).names else None,
            labels=2,
        ),
    )
    settings = Settings(task="pretraining", head="mlm", max_length=parameters.max_length)
    encode(pairs, settings, files.model, validation=False).write(files.output)
    provenance.write(
        files.output,
        rule="corpus",
        parameters=flags.recorded(parameters),
        dependencies={
            **flags.dependencies(files),
            **{f"model/{file.name}": file for file in sorted(files.model.glob("*.json"))},
        },
        started=started,
    )


if __name__ == "__main__":
    run(main)
