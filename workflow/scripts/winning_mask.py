"""Rule winning_mask: copy a source's mask of its highest winning sparsity.

Which sparsity wins is known only when all are scored; with a copy under a path of its own, the
workflow's graph does not have to wait for that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tickets import flags, masks, provenance
from tickets.errors import BadInput, run
from tickets.flags import flag
from tickets.rules.winning_mask import Parameters
from tickets.tables import winners


@dataclass(frozen=True, kw_only=True)
class Files:
    """What is read and written."""

    winning: Path = flag("winning_sparsities.csv")
    sparsities: Sequence[str] = flag("per cent, of the masks; 0: dense")
    masks: Sequence[Path] = flag("to choose from")
    output: Path = flag("mask file to write")


def main() -> None:
    parameters, files = flags.parse(__doc__, Parameters, Files)
    started = provenance.now()
    sparsity = winners.read(files.winning).get((parameters.task, parameters.criterion))
    if sparsity is None:
        raise BadInput(
            f"{files.winning}: nothing about {parameters.task} by {parameters.criterion}; delete it"
            " to have it made again"
        )
    chosen = dict(zip(files.sparsities, files.masks, strict=True))[sparsity]
    mask = masks.read(chosen)
    masks.write(files.output, mask)
    provenance.write(
        files.output,
        rule="winning_mask",
        parameters=flags.recorded(replace(parameters, sparsity=sparsity)),
        dependencies={"mask": chosen, "winning": files.winning},
        facts=masks.facts(mask),
        started=started,
    )


if __name__ == "__main__":
    run(main)
