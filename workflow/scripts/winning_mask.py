"""Rule winning_mask: copy a source's mask of its highest winning sparsity.

Which sparsity wins is known only when all are scored; with a copy under a path of its own, the
workflow's graph does not have to wait for that.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tickets import masks, provenance
from tickets.errors import BadInput, run
from tickets.tables import winning_sparsities


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--winning", type=Path, required=True, help="winning_sparsities.csv")
    parser.add_argument("--task", required=True, help="the source")
    parser.add_argument("--criterion", required=True, help="within_std or strict")
    parser.add_argument(
        "--sparsities", nargs="+", required=True, help="of the masks, in per cent; 0: dense"
    )
    parser.add_argument("--masks", type=Path, nargs="+", required=True, help="masks to choose from")
    parser.add_argument("--output", type=Path, required=True, help="mask file to write")
    flags = parser.parse_args()
    started = provenance.now()
    sparsity = winning_sparsities.read(flags.winning).get((flags.task, flags.criterion))
    if sparsity is None:
        raise BadInput(
            f"{flags.winning}: no row for {flags.task} by {flags.criterion}; delete it to have "
            "it made again"
        )
    chosen = dict(zip(flags.sparsities, flags.masks, strict=True))[sparsity]
    mask = masks.read(chosen)
    masks.write(flags.output, mask)
    provenance.write(
        flags.output,
        rule="winning_mask",
        parameters={"task": flags.task, "criterion": flags.criterion, "sparsity": sparsity},
        dependencies={"mask": chosen, "winning": flags.winning},
        facts=masks.facts(mask),
        started=started,
    )


if __name__ == "__main__":
    run(main)
