"""Rule snip: a mask of the weights that a task's loss is most sensitive to (SNIP)."""

from __future__ import annotations

import argparse
from pathlib import Path

from tickets import architecture, masks, provenance, weights
from tickets.encoded import Encoded
from tickets.errors import run
from tickets.finders.pruning import SCOPES, sensitivities
from tickets.finders.sensitivity import gradients
from tickets.model import device
from tickets.schedule import parse
from tickets.training import gpu
from tickets.training.loop import initial_head
from tickets.training.recipe import PRECISIONS, Recipe

BATCHES = 8  # Lee et al. take one batch of 100 or 128 examples; GLUE's hold 16 or 32


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--theta", type=Path, required=True, help="the pre-trained weights")
    parser.add_argument("--model", type=Path, required=True, help="the model's configuration")
    parser.add_argument("--train", type=Path, required=True, help="encoded training split")
    parser.add_argument("--task", required=True, help="its name, recorded")
    parser.add_argument("--head", required=True, help="classification, regression, span or mlm")
    parser.add_argument("--labels", type=int, default=1, help="classification: how many")
    parser.add_argument("--seed", type=int, required=True, help="of head and data order")
    parser.add_argument("--batch-size", type=int, required=True, help="examples a batch")
    parser.add_argument("--mlm-probability", type=float, required=True, help="share MLM hides")
    parser.add_argument("--precision", choices=PRECISIONS, required=True, help="of products")
    parser.add_argument("--threads", type=int, required=True, help="of a CPU")
    parser.add_argument("--trainings-per-gpu", type=int, default=1, help="that share one")
    parser.add_argument("--sparsity", required=True, help="per cent of the prunable weights")
    parser.add_argument("--scope", choices=SCOPES, default="global", help="of the comparison")
    parser.add_argument("--output", type=Path, required=True, help="mask file to write")
    flags = parser.parse_args()
    with gpu.reserved(flags.trainings_per_gpu):
        find(flags)


def find(flags: argparse.Namespace) -> None:
    """Find and write the mask, on the device that was reserved."""
    started = provenance.now()
    device.prepare(flags.threads)
    known, theta_0 = architecture.read(flags.model), weights.read(flags.theta)
    dense = masks.dense(weights.prunable_of(theta_0))
    theta, gamma = initial_head(
        theta_0, known, head=flags.head, labels=flags.labels, seed=flags.seed, task=flags.task
    )
    recipe = Recipe(
        epochs=None,
        steps=BATCHES,
        batch_size=flags.batch_size,
        learning_rate=0.0,
        mlm_probability=flags.mlm_probability,
        precision=flags.precision,
    )
    slopes = gradients(
        theta,
        gamma,
        dense,
        Encoded.read(flags.train),
        known,
        recipe,
        head=flags.head,
        seed=flags.seed,
        batches=BATCHES,
    )
    scores = sensitivities(theta, slopes, dense.prunable)
    mask = SCOPES[flags.scope](scores, dense, parse(flags.sparsity))
    masks.write(flags.output, mask)
    asked = ("task", "seed", "sparsity", "scope", "batch_size", "precision", "threads")
    provenance.write(
        flags.output,
        rule="snip",
        parameters={"finder": "snip", "batches": BATCHES}
        | {name: getattr(flags, name) for name in asked},
        dependencies={"theta_0": flags.theta, "train": flags.train},
        facts=masks.facts(mask) | {"products": str(device.products(flags.precision))},
        started=started,
    )


if __name__ == "__main__":
    run(main)
