"""Rule encode: encode a task's canonical data as token ids for one model."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from tickets import canonical, provenance
from tickets.data.encoding import Settings, encode
from tickets.data.sources import MODEL_FILES, files_of
from tickets.errors import run


def main() -> None:
    """Encode both splits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--task", required=True, help="the task's name")
    parser.add_argument("--head", required=True, help="classification, regression, span or mlm")
    parser.add_argument("--max-length", type=int, required=True, help="tokens in a feature")
    parser.add_argument("--stride", type=int, help="span: tokens from one window to the next")
    parser.add_argument("--concatenate", action="store_true", help="mlm: join texts, then cut them")
    parser.add_argument("--model", type=Path, required=True, help="directory with the tokenizer")
    parser.add_argument("--train", type=Path, required=True, help="canonical training data")
    parser.add_argument("--validation", type=Path, required=True, help="canonical validation data")
    parser.add_argument("--train-output", type=Path, required=True, help="Arrow file to write")
    parser.add_argument("--validation-output", type=Path, required=True, help="Arrow file to write")
    flags = parser.parse_args()
    os.environ["TOKENIZERS_PARALLELISM"] = "false"  # a job has one core
    settings = Settings(
        task=flags.task,
        head=flags.head,
        max_length=flags.max_length,
        stride=flags.stride,
        concatenate=flags.concatenate,
    )
    files = files_of(flags.model, MODEL_FILES)
    for split, source, output in (
        ("train", flags.train, flags.train_output),
        ("validation", flags.validation, flags.validation_output),
    ):
        started = provenance.now()
        encoded = encode(
            canonical.read(source), settings, flags.model, validation=split == "validation"
        )
        encoded.write(output)
        provenance.write(
            output,
            rule="encode",
            parameters={**vars(settings), "split": split},
            dependencies={"data": source, **{f"model/{f.name}": f.resolve() for f in files}},
            facts={"features": len(encoded), "tokens": len(encoded.tokens)},
            started=started,
        )


if __name__ == "__main__":
    run(main)
