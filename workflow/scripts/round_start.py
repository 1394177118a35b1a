"""Rule round_start: the weights that a round of IMP starts from if its head is not rewound.

The encoder is theta_i's; the head is the one with which the previous round ended.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tickets import flags, provenance, weights
from tickets.architecture import HEAD
from tickets.errors import run
from tickets.flags import flag, source


@dataclass(frozen=True, kw_only=True)
class Files:
    """What is read and written."""

    theta: Path = source("theta_i")
    head: Path | None = source("weights with the head; default: theta_i's")
    output: Path = flag("weight file to write")


def main() -> None:
    files = flags.parse(__doc__, Files)
    started = provenance.now()
    start = weights.read(files.theta)
    if files.head:
        trained = weights.read(files.head)
        start |= {name: value for name, value in trained.items() if name.startswith(HEAD)}
    weights.write(files.output, start)
    provenance.write(
        files.output,
        rule="round_start",
        parameters={},
        dependencies=flags.dependencies(files),
        started=started,
    )


if __name__ == "__main__":
    run(main)
