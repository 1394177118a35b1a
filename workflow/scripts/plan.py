"""Rule plan: print a study's trainings, hours and disk, before anything runs."""

from __future__ import annotations

import argparse
import json

from tickets.design import config, plan
from tickets.errors import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", required=True, help="the study's configuration, as JSON")
    parser.add_argument("--at-once", type=int, required=True, help="trainings at a time")
    flags = parser.parse_args()
    print(plan.text(config.load(json.loads(flags.config)), flags.at_once))


if __name__ == "__main__":
    run(main)
