"""Publish a study's masks on the Hugging Face hub, with statements, signature and a card.

HF_TOKEN has to hold a token that may write, except for a dry run (docs/sharing.md).

Examples:
    tickets publish results --repo ORG/NAME --dry-run
    tickets publish results --repo ORG/NAME --license cc-by-4.0
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tickets.exchange import publishing
from tickets.exchange.hub_masks import SCHEME

POSITION = 140


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the command's flags."""
    parser.add_argument("results", type=Path, help="a study's results folder")
    parser.add_argument(
        "--repo", required=True, metavar="ORG/NAME", help="repository; made if it is missing"
    )
    parser.add_argument(
        "--license", default="unknown", help="license of the masks, by the hub's name for it"
    )
    parser.add_argument("--dry-run", action="store_true", help="print what would go, send nothing")


def run(flags: argparse.Namespace) -> int:
    """Print paths and sizes; then the card, in a dry run, or send all and print the address."""
    publication = publishing.collect(flags.results, flags.repo, flags.license)
    for path, size in publication.sizes.items():
        print(f"{size:>15,}  {path}")
    total = f"{len(publication.sizes)} files, {sum(publication.sizes.values()):,} bytes"
    if flags.dry_run:
        print(f"\n{publication.card}\n{total}, not sent")
    else:
        print(f"{SCHEME}{flags.repo}@{publishing.upload(publication, flags.repo)}: {total}")
    return 0
