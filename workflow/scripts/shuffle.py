"""Rule shuffle: the pre-trained weights, shuffled (theta_0'')."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tickets import flags, provenance, weights
from tickets.errors import run
from tickets.flags import flag, source
from tickets.initial.shuffling import SHUFFLES
from tickets.rules.shuffle import Parameters


@dataclass(frozen=True, kw_only=True)
class Files:
    """What is read and written."""

    theta: Path = source("the pre-trained weights", role="theta_0")
    output: Path = flag("weight file to write")


def main() -> None:
    parameters, files = flags.parse(__doc__, Parameters, Files)
    started = provenance.now()
    theta = SHUFFLES[parameters.how](weights.read(files.theta), parameters.seed)
    weights.write(files.output, theta)
    provenance.write(
        files.output,
        rule="shuffle",
        parameters=flags.recorded(parameters),
        dependencies=flags.dependencies(files),
        started=started,
    )


if __name__ == "__main__":
    run(main)
