"""Rule rewind: the ticket m . theta_i: kept weights are rewound, pruned ones exactly zero."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tickets import flags, provenance, ticket
from tickets.errors import run
from tickets.flags import flag, source


@dataclass(frozen=True, kw_only=True)
class Files:
    """What is read and written."""

    theta: Path = source("weights to rewind to")
    mask: Path = source("mask of the weights to keep")
    output: Path = flag("ticket to write")


def main() -> None:
    files = flags.parse(__doc__, Files)
    started = provenance.now()
    mask = ticket.write(files.output, files.theta, files.mask)
    provenance.write(
        files.output,
        rule="rewind",
        parameters={},
        dependencies=flags.dependencies(files),
        facts={"mask_digest": mask.digest},
        started=started,
    )


if __name__ == "__main__":
    run(main)
