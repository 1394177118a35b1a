"""Rule gather: train a ticket on a task as rule train does, and keep the movement of its weights.

That of a round of pruning decides the next round's mask. What the training ends with is not needed,
as the next round starts from theta_i again.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

from tickets.training import quick_torch  # isort: skip

from tickets import architecture, code, flags, provenance, ticket, weights
from tickets.encoded import Encoded
from tickets.errors import run
from tickets.flags import flag, source
from tickets.model import device
from tickets.rules.train import Parameters
from tickets.training import lock
from tickets.training.attempt import attempt
from tickets.training.checkpoints import Checkpoints
from tickets.training.interruption import StopRequest
from tickets.training.loop import initial_head, train
from tickets.training.movement import Movement
from tickets.training.saving import Saving, checkpoint_key
from tickets.training.validation import Validation


@dataclass(frozen=True, kw_only=True)
class Files:
    """What is read and written, and how the job runs."""

    ticket: Path = source("the ticket to train")
    theta: Path = source("the ticket's weights")
    mask: Path = source("the ticket's mask")
    model: Path = flag("the model's configuration")
    train: Path = source("encoded training split")
    movement: Path = flag("scores to write")
    checkpoints: Path = flag("folder to save to and resume from")
    checkpoint_minutes: float = flag("0: save each step", default=5)
    events: Path | None = flag("folder for TensorBoard event files")
    trainings_per_gpu: int = flag("that share a GPU", default=1)


def main() -> None:
    parameters, files = flags.parse(__doc__, Parameters, Files)
    with attempt(files.checkpoints, files.trainings_per_gpu) as (stop, waited):
        gather(parameters, files, stop, waited=waited)


def gather(recipe: Parameters, files: Files, stop: StopRequest, *, waited: bool) -> None:
    """Train on the reserved device and write the movement, unless another attempt has done so."""
    quick_torch.collect_again()
    started = provenance.now()
    device.prepare(recipe.threads)

    parameters, dependencies = flags.recorded(recipe), flags.dependencies(files)
    dependencies["configuration"] = files.model / "config.json"
    entry = Path(__file__)
    meaning = code.digest(entry)
    if waited and lock.already_done(
        files.movement, code=meaning, parameters=parameters, dependencies=dependencies
    ):
        return

    model, encoded = architecture.read(files.model), Encoded.read(files.train)
    total = recipe.total_steps(len(encoded))
    first = round(recipe.from_percent / 100 * total)
    start = ticket.read(files.ticket, files.theta, files.mask)
    theta, gamma = initial_head(
        start.weights,
        model,
        head=recipe.head,
        labels=recipe.labels,
        seed=recipe.seed,
        task=recipe.new_head or recipe.task,
        new=recipe.new_head is not None,
    )
    inputs = {"ticket": files.ticket, "mask": files.mask, "train": files.train}
    checkpoints = Checkpoints(files.checkpoints, checkpoint_key(parameters, inputs, entry))
    movement = Movement(start.mask.prunable.shapes)
    with movement.observing():
        result = train(
            theta,
            gamma,
            start.mask,
            encoded,
            model,
            recipe,
            head=recipe.head,
            seed=recipe.seed,
            first_step=first,
            saving=Saving(checkpoints=checkpoints, minutes=files.checkpoint_minutes),
            stop=stop,
            validation=cast(Validation, movement),
            name=str(files.movement.with_suffix("")),
            events=files.events,
        )
    weights.write(files.movement, movement.scores())
    provenance.write(
        files.movement,
        rule="train",  # as it is one, of which only the movement is left
        parameters=parameters,
        dependencies=dependencies,
        facts={
            "steps": total,
            "first_step": first,
            "last_step": total,
            # None if so small a part of a training rounds to no step.
            "final_loss": repr(result.losses[-1]) if result.losses else None,
            "device": result.device,
            "threads": recipe.threads,
            "products": str(device.product_dtype(recipe.precision)),
            "deterministic": True,
            "code": meaning,
        },
        started=started,
    )
    checkpoints.remove()


if __name__ == "__main__":
    run(main)
