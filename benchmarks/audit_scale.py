"""Write as many and as large masks as the paper's study has, to time the audit.

    python benchmarks/audit_scale.py /tmp/scale/results
    time tickets audit /tmp/scale/results

1,485 files of BERT-base's 85,524,480 prunable weights, at the paths of eleven tasks, three rewinds,
five seeds and nine rounds. They are links to 135 files (1.4 GB), so that they fit into a small
machine's page cache; the audit reads each one. Their parents are missing, which is the audit's only
finding.
"""

from __future__ import annotations

import json
import os
import sys
from itertools import count, product
from pathlib import Path

import numpy as np

from tickets import masks, statements
from tickets.files import sha256
from tickets.provenance import statement_path
from tickets.prunable import prunable_set

KEPT = Path(__file__).parents[1] / "tests" / "study_v1" / "masks" / "imp" / "acceptability"
TASKS = ("mnli", "qqp", "stsb", "wnli", "qnli", "mrpc", "rte", "sst2", "cola", "squad", "mlm")
REWINDS, SEEDS, ROUNDS, COPIES = ("0", "10", "50"), range(1, 6), range(1, 10), 15
ATTENTION = ("self.query", "self.key", "self.value", "output.dense")


def bert_base() -> dict[str, tuple[int, ...]]:
    """The shapes of BERT-base's prunable matrices, by name."""
    shapes: dict[str, tuple[int, ...]] = {"pooler.dense.weight": (768, 768)}
    for layer in range(12):
        prefix = f"encoder.layer.{layer}"
        shapes |= {f"{prefix}.attention.{part}.weight": (768, 768) for part in ATTENTION}
        shapes[f"{prefix}.intermediate.dense.weight"] = (3072, 768)
        shapes[f"{prefix}.output.dense.weight"] = (768, 3072)
    return shapes


def main() -> None:
    """Write the masks to the folder that the command line names."""
    root = Path(sys.argv[1])
    prunable = prunable_set(bert_base())
    order = np.random.default_rng(1).permutation(prunable.size)
    value = json.loads(
        statement_path(KEPT / "rewind-0/seed-1/sparsity-20.safetensors").read_bytes()
    )
    for number in ROUNDS:
        kept = np.ones(prunable.size, dtype=bool)
        kept[order[: round(prunable.size * number / 10)]] = False
        mask = masks.from_flat(prunable, kept)
        data, facts, originals = masks.to_bytes(mask), masks.facts(mask), list[Path]()
        name = f"sparsity-{number}0.safetensors"
        value["subject"] = [{"name": name, "digest": {"sha256": sha256(data)}}]
        value["predicate"]["runDetails"]["byproducts"][0]["annotations"] = facts
        for place, (task, rewind, seed) in zip(count(), product(TASKS, REWINDS, SEEDS)):
            file = root / "masks" / "imp" / task / f"rewind-{rewind}" / f"seed-{seed}" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            if len(originals) < COPIES:
                file.write_bytes(data)
                originals.append(file)
            else:
                os.link(originals[place % COPIES], file)
            value["predicate"]["buildDefinition"]["externalParameters"] |= {
                "task": task,
                "rewind": rewind,
                "seed": seed,
                "round": number,
                "sparsity": f"{number}0",
            }
            statement_path(file).write_bytes(statements.to_bytes(value))


if __name__ == "__main__":
    main()
