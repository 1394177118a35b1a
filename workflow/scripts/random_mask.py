"""Rule random_mask: a mask drawn at random over the whole prunable set (m_RP)."""

from __future__ import annotations

import argparse
from pathlib import Path

from tickets import masks, provenance, weights
from tickets.errors import run
from tickets.finders.pruning import at_random
from tickets.schedule import parse


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--theta", type=Path, required=True, help="weights, for their shapes")
    parser.add_argument("--sparsity", required=True, help="per cent of the prunable weights")
    parser.add_argument("--seed", type=int, required=True, help="what the mask is drawn from")
    parser.add_argument("--output", type=Path, required=True, help="mask file to write")
    flags = parser.parse_args()
    started = provenance.now()
    prunable = weights.prunable_of(weights.read(flags.theta))
    mask = at_random(prunable, parse(flags.sparsity), flags.seed)
    masks.write(flags.output, mask)
    provenance.write(
        flags.output,
        rule="random_mask",
        parameters={"finder": "random", "seed": flags.seed, "sparsity": flags.sparsity},
        dependencies={"theta_0": flags.theta},
        facts=masks.facts(mask),
        started=started,
    )


if __name__ == "__main__":
    run(main)
