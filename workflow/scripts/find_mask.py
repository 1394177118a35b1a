"""Rules find_mask and prune: find a mask by a criterion's scores, or write the dense one.

With a parent this is a round of iterative pruning (paper, Algorithm 1); without one, theta_0 is
pruned once.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from tickets import masks, provenance, weights
from tickets.criterion import SPLITS, Inputs, find, load_criterion
from tickets.errors import run
from tickets.schedule import parse
from tickets.statements import exact


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--weights", type=Path, required=True, help="theta_0, or a round's final weights"
    )
    parser.add_argument("--parent", type=Path, help="mask of the round before")
    parser.add_argument("--sparsity", required=True, help="per cent of the prunable weights")
    parser.add_argument("--finder", required=True, help="the finder's name in paths")
    parser.add_argument("--criterion", help="its name; without one: the dense mask")
    parser.add_argument("--criterion-file", type=Path, help="its file, if the study has its own")
    parser.add_argument(
        "--parameters", type=json.loads, default={}, help="the criterion's, as JSON"
    )
    parser.add_argument("--scope", help="which scores are compared")
    parser.add_argument("--task", help="the task that the mask is found on")
    parser.add_argument("--seed", type=int, help="of the training, or of random numbers")
    parser.add_argument("--rewind", help="imp: per cent of training to rewind to")
    parser.add_argument("--round", type=int, help="imp, standard: which round, from 1")
    parser.add_argument("--model", type=Path, help="the model's configuration")
    parser.add_argument("--train", type=Path, help="encoded training split, if needed")
    parser.add_argument("--validation", type=Path, help="encoded validation split, if needed")
    parser.add_argument(
        "--trainings-per-gpu", type=int, default=1, help="how many jobs share a GPU"
    )
    parser.add_argument("--output", type=Path, required=True, help="mask file to write")
    flags = parser.parse_args()
    started = provenance.now()
    values = weights.read(flags.weights)
    mask = masks.read(flags.parent) if flags.parent else masks.dense(weights.prunable_of(values))
    splits = {name: path for name in SPLITS if (path := getattr(flags, name))}
    inputs = Inputs(
        weights=values,
        parent=mask,
        sparsity=parse(flags.sparsity),
        seed=flags.seed or 0,
        task=flags.task or "",
        parameters=flags.parameters,
        files=splits | ({"model": flags.model} if flags.model else {}),
        trainings_per_gpu=flags.trainings_per_gpu,
    )
    if flags.criterion:
        criterion = load_criterion(flags.criterion, flags.criterion_file)
        mask = find(criterion, flags.scope, inputs)
    masks.write(flags.output, mask)
    recorded = ("finder", "scope", "task", "seed", "rewind", "round", "sparsity")
    parameters = flags.parameters | {name: getattr(flags, name) for name in recorded}
    decided_by = {"weights": flags.weights, "parent": flags.parent}
    provenance.write(
        flags.output,
        rule="prune" if flags.parent else "find_mask",
        parameters={name: exact(v) for name, v in parameters.items() if v is not None},
        dependencies=decided_by if flags.parent else {"theta_0": flags.weights, **splits},
        facts=masks.facts(mask) | inputs.facts,
        started=started,
    )
    print(f"{flags.output}: {mask.pruned:,} of {mask.prunable.size:,} weights pruned")


if __name__ == "__main__":
    run(main)
