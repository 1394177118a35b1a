"""Rule combine_masks: make one mask of several tasks' masks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tickets import flags, masks, provenance, weights
from tickets.combining import combine
from tickets.errors import run
from tickets.flags import flag, source
from tickets.paths import parse_mask, role_of_mask
from tickets.rules.combine_masks import Parameters
from tickets.schedule import parse


@dataclass(frozen=True, kw_only=True)
class Files:
    """What is read and written."""

    theta_0: Path = source("whose magnitudes decide between weights of one rank")
    masks: Sequence[Path] = flag("to combine")
    output: Path = flag("mask file to write")


def main() -> None:
    parameters, files = flags.parse(__doc__, Parameters, Files)
    started = provenance.now()
    mask = combine(
        [masks.read(file) for file in files.masks],
        weights.read(files.theta_0),
        parameters.by,
        parse(parameters.sparsity),
        parameters.scope,
    )
    masks.write(files.output, mask)
    parents = {role_of_mask(parse_mask(file)): file for file in files.masks}
    provenance.write(
        files.output,
        rule="combine_masks",
        parameters=flags.recorded(parameters),
        dependencies=flags.dependencies(files) | parents,
        facts=masks.facts(mask),
        started=started,
    )


if __name__ == "__main__":
    run(main)
