"""Rule round_start: the weights that a round of IMP starts from if its head is not rewound.

The encoder is theta_i's; the head is the one with which the previous round ended.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tickets import provenance, weights
from tickets.architecture import HEAD
from tickets.errors import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--theta", type=Path, required=True, help="theta_i")
    parser.add_argument("--head", type=Path, help="weights with the head; default: theta_i's")
    parser.add_argument("--output", type=Path, required=True, help="weight file to write")
    flags = parser.parse_args()
    started = provenance.now()
    start = weights.read(flags.theta)
    dependencies = {"theta": flags.theta}
    if flags.head:
        trained = weights.read(flags.head)
        start |= {name: value for name, value in trained.items() if name.startswith(HEAD)}
        dependencies |= {"head": flags.head}
    weights.write(flags.output, start)
    provenance.write(
        flags.output, rule="round_start", parameters={}, dependencies=dependencies, started=started
    )


if __name__ == "__main__":
    run(main)
