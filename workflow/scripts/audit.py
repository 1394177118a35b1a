"""Rule audit: the table of masks and the page of an audit, whatever the audit finds."""

from __future__ import annotations

import argparse

from tickets.commands import audit
from tickets.errors import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    audit.add_flags(parser)
    audit.run(parser.parse_args())


if __name__ == "__main__":
    run(main)
