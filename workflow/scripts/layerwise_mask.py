"""Rule layerwise_mask: draw a random mask that prunes as much of each matrix as another one."""

from __future__ import annotations

import argparse
from pathlib import Path

from tickets import masks, provenance
from tickets.errors import run
from tickets.layerwise import draw_like


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--like", type=Path, required=True, help="the other mask")
    parser.add_argument("--seed", type=int, required=True, help="of random numbers")
    parser.add_argument("--output", type=Path, required=True, help="mask file to write")
    flags = parser.parse_args()
    started = provenance.now()
    mask = draw_like(masks.read(flags.like), flags.seed)
    masks.write(flags.output, mask)
    provenance.write(
        flags.output,
        rule="layerwise_mask",
        parameters={"finder": "layerwise", "seed": flags.seed},
        dependencies={"like": flags.like},
        facts=masks.facts(mask),
        started=started,
    )


if __name__ == "__main__":
    run(main)
