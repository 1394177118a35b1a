"""Rule layerwise_mask: draw a random mask that prunes as much of each matrix as another one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tickets import flags, masks, provenance
from tickets.errors import run
from tickets.flags import flag, source
from tickets.layerwise import draw_like
from tickets.rules.layerwise_mask import Parameters


@dataclass(frozen=True, kw_only=True)
class Files:
    """What is read and written."""

    like: Path = source("mask whose shares it takes")
    output: Path = flag("mask file to write")


def main() -> None:
    parameters, files = flags.parse(__doc__, Parameters, Files)
    started = provenance.now()
    mask = draw_like(masks.read(files.like), parameters.seed)
    masks.write(files.output, mask)
    provenance.write(
        files.output,
        rule="layerwise_mask",
        parameters=flags.recorded(parameters),
        dependencies=flags.dependencies(files),
        facts=masks.facts(mask),
        started=started,
    )


if __name__ == "__main__":
    run(main)
