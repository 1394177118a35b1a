"""Rule corpus: encode the text for the embedded study's pre-training as token ids."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from tickets import canonical, provenance
from tickets.canonical import Selection
from tickets.data.encoding import Settings, encode
from tickets.errors import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--text", type=Path, required=True, help="pairs of sentences (parquet)")
    parser.add_argument("--model", type=Path, required=True, help="configuration and tokenizer")
    parser.add_argument("--max-length", type=int, required=True, help="tokens in a pair")
    parser.add_argument("--output", type=Path, required=True, help="Arrow file to write")
    flags = parser.parse_args()
    started = provenance.now()
    os.environ["TOKENIZERS_PARALLELISM"] = "false"  # a job has one core
    pairs = canonical.prepare(
        [flags.text],
        Selection(task="pretraining", head="mlm", split="train", text=("first", "second")),
    )
    settings = Settings(task="pretraining", head="mlm", max_length=flags.max_length)
    encode(pairs, settings, flags.model, validation=False).write(flags.output)
    provenance.write(
        flags.output,
        rule="corpus",
        parameters={"max_length": flags.max_length},
        dependencies={
            "text": flags.text,
            **{f"model/{file.name}": file for file in sorted(flags.model.glob("*.json"))},
        },
        started=started,
    )


if __name__ == "__main__":
    run(main)
