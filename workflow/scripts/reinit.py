"""Rule reinit: random weights in place of the pre-trained ones (theta_0')."""

from __future__ import annotations

import argparse
from pathlib import Path

from tickets import architecture, provenance, weights
from tickets.errors import run
from tickets.initial import initialisation


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--theta", type=Path, required=True, help="the pre-trained weights")
    parser.add_argument("--model", type=Path, required=True, help="the model's configuration")
    parser.add_argument("--seed", type=int, required=True, help="for drawing the weights")
    parser.add_argument("--output", type=Path, required=True, help="weight file to write")
    flags = parser.parse_args()
    started = provenance.now()
    shapes = {name: tensor.shape for name, tensor in weights.read(flags.theta).items()}
    scale = architecture.read(flags.model).initializer_range
    theta = initialisation.draw(shapes, flags.seed, "re-initialisation", scale)
    weights.write(flags.output, theta)
    provenance.write(
        flags.output,
        rule="reinit",
        parameters={"seed": flags.seed},
        dependencies={"theta_0": flags.theta},
        started=started,
    )


if __name__ == "__main__":
    run(main)
