"""Sign a study's files with your own key.

The package's extra `signing` has to be installed (docs/sharing.md).

Examples:
    tickets sign results --private-key key.pem --signature results/exports/study.sig
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tickets.exchange import signature

POSITION = 130


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the command's flags."""
    parser.add_argument("results", type=Path, help="a study's results folder")
    parser.add_argument(
        "--private-key", type=Path, required=True, help="PEM, on the curve P-256, P-384 or P-521"
    )
    parser.add_argument("--signature", type=Path, required=True, help="file to write")


def run(flags: argparse.Namespace) -> int:
    """Write the signature."""
    signature.sign(flags.results, flags.private_key, flags.signature)
    print(f"{flags.signature}: signature of {flags.results}")
    return 0
