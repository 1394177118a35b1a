"""Rule sign: sign a finished study's files with a private key."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tickets import flags
from tickets.errors import run
from tickets.exchange import signature
from tickets.flags import flag


@dataclass(frozen=True, kw_only=True)
class Files:
    """What is read and written."""

    results: Path = flag("the study's results folder")
    private_key: Path = flag("the key, as PEM")
    output: Path = flag("the signature")


def main() -> None:
    files = flags.parse(__doc__, Files)
    signature.sign(files.results, files.private_key, files.output)


if __name__ == "__main__":
    run(main)
