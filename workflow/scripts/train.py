"""Rules train and theta_i: train a ticket on a task; write its predictions and its weights."""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path
from typing import Any

from tickets.training import quick_torch  # isort: skip

from tickets import architecture, canonical, code, provenance, ticket, weights
from tickets.architecture import HEAD
from tickets.encoded import Encoded
from tickets.errors import run
from tickets.model import device
from tickets.model.network import Network
from tickets.statements import exact
from tickets.training import gpu, lock
from tickets.training.checkpoints import Checkpoints
from tickets.training.evaluation import predict
from tickets.training.loop import initial_head, train
from tickets.training.recipe import PRECISIONS, SPEEDUPS, Recipe
from tickets.training.saving import Saving, checkpoint_key

# Flags that name files or say how to run; they are not recorded as parameters.
PATHS = (
    *("ticket", "theta", "mask", "model", "train", "validation", "data", "predictions", "trained"),
    *("checkpoints", "checkpoint_minutes", "trainings_per_gpu", "events"),
)
# Fine-tuning has no warm-up (paper, Table 1).
RECIPE = [field for field in fields(Recipe) if field.name != "warmup_steps"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ticket", type=Path, required=True, help="the ticket to train")
    parser.add_argument("--theta", type=Path, required=True, help="the ticket's weights")
    parser.add_argument("--mask", type=Path, required=True, help="the ticket's mask")
    parser.add_argument("--model", type=Path, required=True, help="the model's configuration")
    parser.add_argument("--train", type=Path, required=True, help="encoded training split")
    parser.add_argument("--validation", type=Path, help="encoded validation split")
    parser.add_argument("--data", type=Path, help="validation split in canonical columns")
    parser.add_argument("--predictions", type=Path, help="predictions to write")
    parser.add_argument("--trained", type=Path, required=True, help="weights to write")
    parser.add_argument("--task", required=True, help="the task's name")
    parser.add_argument("--head", required=True, help="classification, regression, span or mlm")
    parser.add_argument("--labels", type=int, default=1, help="number of classes")
    parser.add_argument("--seed", type=int, required=True, help="for head, data order, dropout")
    parser.add_argument("--threads", type=int, required=True, help="CPU threads; they change bits")
    length = parser.add_mutually_exclusive_group(required=True)
    length.add_argument("--epochs", type=float, help="passes over the training split")
    length.add_argument("--steps", type=int, help="number of weight updates")
    parser.add_argument("--batch-size", type=int, required=True, help="examples per step")
    parser.add_argument(
        "--learning-rate", type=float, required=True, help="its first value; it falls to zero"
    )
    parser.add_argument("--round", type=int, default=0, help="number of this training, from 0")
    parser.add_argument("--rounds", type=int, default=1, help="trainings over which the rate falls")
    parser.add_argument(
        "--new-head", metavar="NAME", help="draw a head for NAME, even if the ticket has one"
    )
    parser.add_argument("--adam-epsilon", type=float, required=True, help="AdamW's epsilon")
    parser.add_argument(
        "--clip-norm", type=float, required=True, help="largest norm of the gradients"
    )
    parser.add_argument(
        "--mlm-probability", type=float, required=True, help="share of words that MLM hides, 0 to 1"
    )
    parser.add_argument("--dropout", type=float, help="rate; default: the model's rates")
    parser.add_argument("--precision", choices=PRECISIONS, required=True, help="of products")
    parser.add_argument(
        "--speedups", choices=SPEEDUPS, nargs="*", default=SPEEDUPS, help="default: all of them"
    )
    parser.add_argument(
        "--checkpoints", type=Path, required=True, help="folder to save to and resume from"
    )
    parser.add_argument("--checkpoint-minutes", type=float, default=5, help="0: save each step")
    parser.add_argument("--events", type=Path, help="folder for TensorBoard event files")
    parser.add_argument("--from-percent", type=float, default=0, help="of all steps, to start from")
    parser.add_argument("--to-percent", type=float, default=100, help="of all steps, to stop after")
    parser.add_argument("--trainings-per-gpu", type=int, default=1, help="that share a GPU")
    flags = parser.parse_args()
    with lock.exclusive(flags.checkpoints) as waited, gpu.reserved(flags.trainings_per_gpu):
        run_training(flags, waited=waited)


def run_training(flags: argparse.Namespace, *, waited: bool) -> None:
    """Train on the reserved device and write the results, unless another attempt has done so."""
    quick_torch.collect_again()
    started = provenance.now()
    device.prepare(flags.threads)

    parameters = {
        name: exact(value)
        for name, value in vars(flags).items()
        if name not in PATHS and value is not None
    }
    dependencies = {
        name: path
        for name in ("ticket", "theta", "mask", "train", "validation", "data")
        if (path := getattr(flags, name)) is not None
    }
    dependencies["configuration"] = flags.model / "config.json"
    outputs = [flags.trained, *([flags.predictions] if flags.predictions else [])]
    entry = Path(__file__)
    meaning = code.digest(entry)
    if waited and lock.already_done(
        *outputs, code=meaning, parameters=parameters, dependencies=dependencies
    ):
        return

    model = architecture.read(flags.model)
    recipe = Recipe(**{field.name: getattr(flags, field.name) for field in RECIPE})
    encoded = Encoded.read(flags.train)
    total = recipe.total_steps(len(encoded))
    first, last = (
        round(percent / 100 * total) for percent in (flags.from_percent, flags.to_percent)
    )
    start = ticket.read(flags.ticket, flags.theta, flags.mask)
    theta, gamma = initial_head(
        start.weights,
        model,
        head=flags.head,
        labels=flags.labels,
        seed=flags.seed,
        task=flags.new_head or flags.task,
        new=flags.new_head is not None,
    )
    inputs = {"ticket": flags.ticket, "train": flags.train}
    checkpoints = Checkpoints(flags.checkpoints, checkpoint_key(parameters, inputs, entry))
    result = train(
        theta,
        gamma,
        start.mask,
        encoded,
        model,
        recipe,
        head=flags.head,
        seed=flags.seed,
        first_step=first,
        last_step=last,
        saving=Saving(checkpoints=checkpoints, minutes=flags.checkpoint_minutes),
        name=str(flags.trained.with_suffix("")),
        events=flags.events,
    )
    facts: dict[str, Any] = {
        "steps": total,
        "first_step": first,
        "last_step": last,
        # None if so small a part of a training rounds to no step.
        "final_loss": repr(result.losses[-1]) if result.losses else None,
        "device": result.device,
        "threads": flags.threads,
        "products": str(device.product_dtype(flags.precision)),
        "deterministic": True,
        "code": meaning,
    }
    heads = {f"{HEAD}{name}": value for name, value in result.gamma.items()}
    weights.write(flags.trained, {**start.weights, **result.theta, **heads})
    if flags.predictions:
        network = Network.of(
            result.theta,
            result.gamma,
            model,
            flags.head,
            dtype=device.product_dtype(flags.precision),
        )
        validation = Encoded.read(flags.validation)
        predictions = predict(network, validation, canonical.read(flags.data))
        canonical.write(flags.predictions, predictions)
    provenance.write(
        *outputs,
        rule="train",
        parameters=parameters,
        dependencies=dependencies,
        facts=facts,
        started=started,
    )
    checkpoints.remove()


if __name__ == "__main__":
    run(main)
