"""Rule reinit: random weights in place of the pre-trained ones (theta_0')."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tickets import architecture, flags, provenance, weights
from tickets.errors import run
from tickets.flags import flag, source
from tickets.initial import initialisation
from tickets.rules.reinit import Parameters


@dataclass(frozen=True, kw_only=True)
class Files:
    """What is read and written."""

    theta: Path = source("the pre-trained weights", role="theta_0")
    model: Path = flag("the model's configuration")
    output: Path = flag("weight file to write")


def main() -> None:
    parameters, files = flags.parse(__doc__, Parameters, Files)
    started = provenance.now()
    shapes = {name: tensor.shape for name, tensor in weights.read(files.theta).items()}
    scale = architecture.read(files.model).initializer_range
    theta = initialisation.draw(shapes, parameters.seed, "re-initialisation", scale)
    weights.write(files.output, theta)
    provenance.write(
        files.output,
        rule="reinit",
        parameters=flags.recorded(parameters),
        dependencies=flags.dependencies(files),
        started=started,
    )


if __name__ == "__main__":
    run(main)
