"""Rule rewind: the ticket m . theta_i: kept weights are rewound, pruned ones exactly zero."""

from __future__ import annotations

import argparse
from pathlib import Path

from tickets import provenance, ticket
from tickets.errors import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--theta", type=Path, required=True, help="weights to rewind to")
    parser.add_argument("--mask", type=Path, required=True, help="mask of the weights to keep")
    parser.add_argument("--output", type=Path, required=True, help="ticket to write")
    flags = parser.parse_args()
    started = provenance.now()
    mask = ticket.write(flags.output, flags.theta, flags.mask)
    provenance.write(
        flags.output,
        rule="rewind",
        parameters={},
        dependencies={"theta": flags.theta, "mask": flags.mask},
        facts={"mask_digest": mask.digest},
        started=started,
    )


if __name__ == "__main__":
    run(main)
