"""Rules prune, prune_standard, oneshot, dense: the smallest weights among those alive go.

Without a parent mask every weight is alive: that is one-shot pruning, and at sparsity 0 the dense
mask. With one, it is a round of iterative magnitude pruning (paper, Algorithm 1).
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tickets import masks, provenance, weights
from tickets.errors import run
from tickets.finders.pruning import SCOPES, magnitudes
from tickets.schedule import parse


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, required=True, help="their magnitudes decide")
    parser.add_argument("--parent", type=Path, help="mask of the round before")
    parser.add_argument("--sparsity", required=True, help="per cent of the prunable weights")
    parser.add_argument("--finder", required=True, help="dense, oneshot, imp or standard")
    parser.add_argument("--scope", choices=SCOPES, default="global", help="of the comparison")
    parser.add_argument("--task", help="imp, standard: the task the weights were trained on")
    parser.add_argument("--seed", type=int, help="imp, standard: the seed of that training")
    parser.add_argument("--rewind", help="imp: per cent of training that is rewound to")
    parser.add_argument("--round", type=int, help="imp, standard: which round, from 1")
    parser.add_argument("--output", type=Path, required=True, help="mask file to write")
    flags = parser.parse_args()
    started = provenance.now()
    trained = weights.read(flags.weights)
    parent = masks.read(flags.parent) if flags.parent else masks.dense(weights.prunable_of(trained))
    prune = SCOPES[flags.scope]
    mask = prune(magnitudes(trained, parent.prunable), parent, parse(flags.sparsity))
    masks.write(flags.output, mask)
    asked = ("finder", "scope", "task", "seed", "rewind", "round", "sparsity")
    provenance.write(
        flags.output,
        rule="prune",
        parameters={name: v for name in asked if (v := getattr(flags, name)) is not None},
        dependencies={"weights": flags.weights}
        | ({"parent": flags.parent} if flags.parent else {}),
        facts=masks.facts(mask),
        started=started,
    )
    print(f"{flags.output}: {mask.pruned:,} of {mask.prunable.size:,} weights pruned")


if __name__ == "__main__":
    run(main)
