"""Rule crate: describe a finished study as a Workflow Run RO-Crate, in its folder of exports."""

from __future__ import annotations

import argparse
import json

from tickets.errors import run
from tickets.exchange import crate
from tickets.paths import Results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", required=True, help="the study's results folder")
    parser.add_argument("--config", required=True, help="the configuration of the study (JSON)")
    flags = parser.parse_args()
    crate.write(Results(root=flags.results), json.loads(flags.config), crate.agent())


if __name__ == "__main__":
    run(main)
