"""Rule sign: sign a finished study's files with a private key."""

from __future__ import annotations

import argparse
from pathlib import Path

from tickets.errors import run
from tickets.exchange import signature


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, required=True, help="the study's results folder")
    parser.add_argument("--private-key", type=Path, required=True, help="the key, as PEM")
    parser.add_argument("--output", type=Path, required=True, help="signature file to write")
    flags = parser.parse_args()
    signature.sign(flags.results, flags.private_key, flags.output)


if __name__ == "__main__":
    run(main)
