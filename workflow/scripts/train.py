"""Rules train, theta_i and gather: train a ticket on a task; write its weights and, of a whole
training, its predictions; or write only the movement of its weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tickets.training import quick_torch  # isort: skip

from tickets import architecture, canonical, code, flags, provenance, ticket, weights
from tickets.architecture import HEAD
from tickets.encoded import Encoded
from tickets.errors import run
from tickets.flags import flag, source
from tickets.meanings import FREEZE
from tickets.model import device
from tickets.model.network import Network
from tickets.rules.train import Parameters
from tickets.training import lock
from tickets.training.attempt import TrainingJob, attempt
from tickets.training.checkpoints import Checkpoints
from tickets.training.evaluation import predict
from tickets.training.interruption import StopRequest
from tickets.training.loop import initial_head, train
from tickets.training.movement import Movement
from tickets.training.saving import Saving, checkpoint_key


@dataclass(frozen=True, kw_only=True)
class Files(TrainingJob):
    """What is read and written, and how the job runs."""

    ticket: Path = source("the ticket to train")
    theta: Path = source("the ticket's weights")
    mask: Path = source("the ticket's mask")
    model: Path = flag("the model's configuration")
    train: Path = source("encoded training split")
    validation: Path | None = source("encoded validation split")
    data: Path | None = source("validation split in canonical columns")
    predictions: Path | None = flag("predictions to write")
    trained: Path | None = flag("weights to write", alternative=True)
    movement: Path | None = flag("movement of the weights to write", alternative=True)


def main() -> None:
    parameters, files = flags.parse(__doc__, Parameters, Files)
    with attempt(files) as (stop, waited):
        run_training(parameters, files, stop, waited=waited)


def run_training(recipe: Parameters, files: Files, stop: StopRequest, *, waited: bool) -> None:
    """Train on the reserved device and write the results, unless another attempt has done so."""
    quick_torch.collect_again()
    started = provenance.now()
    device.prepare(recipe.threads)

    parameters, dependencies = flags.recorded(recipe), flags.dependencies(files)
    dependencies["configuration"] = files.model / "config.json"
    outputs = list(filter(None, [files.trained, files.movement, files.predictions]))
    entry = Path(__file__)
    meaning = code.digest(entry)
    if waited and lock.already_done(
        *outputs, code=meaning, parameters=parameters, dependencies=dependencies
    ):
        return

    model = architecture.read(files.model)
    encoded = Encoded.read(files.train)
    total = recipe.total_steps(len(encoded))
    first, last = (
        round(percent / 100 * total) for percent in (recipe.from_percent, recipe.to_percent)
    )
    start = ticket.read(files.ticket, files.theta, files.mask, freeze=recipe.meaning == FREEZE)
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
    movement = Movement(start.mask.prunable.shapes) if files.movement else None
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
        last_step=last,
        saving=Saving(checkpoints=checkpoints, minutes=files.checkpoint_minutes),
        stop=stop,
        observer=movement,
        name=str(outputs[0].with_suffix("")),
        events=files.events,
    )
    facts: dict[str, Any] = {
        "steps": total,
        "first_step": first,
        "last_step": last,
        # None if so small a part of a training rounds to no step.
        "final_loss": repr(result.losses[-1]) if result.losses else None,
        "device": result.device,
        "threads": recipe.threads,
        "products": str(device.product_dtype(recipe.precision)),
        "deterministic": True,
        "code": meaning,
    }
    heads = {f"{HEAD}{name}": value for name, value in result.gamma.items()}
    if movement:
        weights.write(outputs[0], movement.scores())
    else:
        weights.write(outputs[0], {**start.weights, **result.theta, **heads})
    if files.predictions:
        assert files.validation
        assert files.data
        network = Network.of(
            result.theta,
            result.gamma,
            model,
            recipe.head,
            dtype=device.product_dtype(recipe.precision),
        )
        validation = Encoded.read(files.validation)
        predictions = predict(network, validation, canonical.read(files.data))
        canonical.write(files.predictions, predictions)
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
