"""Rule shuffle: the pre-trained weights, shuffled (theta_0'')."""

from __future__ import annotations

import argparse
from pathlib import Path

from tickets import provenance, weights
from tickets.errors import run
from tickets.initial.shuffling import SHUFFLES


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--theta", type=Path, required=True, help="the pre-trained weights")
    parser.add_argument("--how", choices=SHUFFLES, required=True, help="what is shuffled")
    parser.add_argument("--seed", type=int, required=True, help="for drawing the order")
    parser.add_argument("--output", type=Path, required=True, help="weight file to write")
    flags = parser.parse_args()
    started = provenance.now()
    weights.write(flags.output, SHUFFLES[flags.how](weights.read(flags.theta), flags.seed))
    provenance.write(
        flags.output,
        rule="shuffle",
        parameters={"how": flags.how, "seed": flags.seed},
        dependencies={"theta_0": flags.theta},
        started=started,
    )


if __name__ == "__main__":
    run(main)
