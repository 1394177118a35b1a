"""Rules find_mask and prune: find a mask by a criterion's scores, or write the dense one.

With a parent this is a round of iterative pruning (paper, Algorithm 1); without one, theta_0 is
pruned once.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tickets import flags, masks, provenance, weights
from tickets.criterion import Inputs, find, load_criterion
from tickets.errors import run
from tickets.flags import flag, source
from tickets.schedule import parse
from tickets.statements import exact


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """Which mask; its statement says too what the criterion declares (`--parameters`)."""

    sparsity: str = flag("per cent of the prunable weights")
    finder: str = flag("its name in paths")
    scope: str | None = flag("of the comparison: a file of tickets/scopes")
    task: str | None = flag("that the mask is found on")
    seed: int | None = flag("of that training, or what is drawn from it")
    rewind: str | None = flag("imp: per cent of training that is rewound to")
    round: int | None = flag("of a procedure in rounds: which one, from 1")


@dataclass(frozen=True, kw_only=True)
class Files:
    """What is read and written, what scores the weights, and how the job runs."""

    weights: Path = flag("theta_0, or a round's end")
    parent: Path | None = flag("mask of the round before")
    theta_0: Path | None = flag("theta_0, if a round's end is compared with it")
    criterion: str | None = flag("a file of tickets/criteria; none: the dense mask")
    criterion_file: Path | None = flag("its file, if it is the study's own")
    parameters: dict[str, Any] | None = flag("its own, as JSON", read=json.loads)
    model: Path | None = flag("the model's configuration")
    train: Path | None = source("encoded training split, if it is read")
    validation: Path | None = source("encoded validation split, if it is read")
    trainings_per_gpu: int = flag("that share one", default=1)
    output: Path = flag("mask file to write")


def main() -> None:
    parameters, files = flags.parse(__doc__, Parameters, Files)
    own = files.parameters or {}
    started = provenance.now()
    values = weights.read(files.weights)
    mask = masks.read(files.parent) if files.parent else masks.dense(weights.prunable_of(values))
    splits = flags.dependencies(files)
    inputs = Inputs(
        weights=values,
        theta_0=weights.read(files.theta_0) if files.theta_0 else {},
        parent=mask,
        sparsity=parse(parameters.sparsity),
        seed=parameters.seed or 0,
        task=parameters.task or "",
        parameters=own,
        files=splits | ({"model": files.model} if files.model else {}),
        trainings_per_gpu=files.trainings_per_gpu,
    )
    if files.criterion:
        criterion = load_criterion(files.criterion, files.criterion_file)
        mask = find(criterion, parameters.scope or "", inputs)
    masks.write(files.output, mask)
    if files.parent:
        rule, read = "prune", {"weights": files.weights, "parent": files.parent}
        read |= {"theta_0": files.theta_0} if files.theta_0 else {}
    else:
        rule, read = "find_mask", {"theta_0": files.weights, **splits}
    provenance.write(
        files.output,
        rule=rule,
        parameters={name: exact(value) for name, value in own.items()} | flags.recorded(parameters),
        dependencies=read,
        facts=masks.facts(mask) | inputs.facts,
        started=started,
    )
    print(f"{files.output}: {mask.pruned:,} of {mask.prunable.size:,} weights pruned")


if __name__ == "__main__":
    run(main)
