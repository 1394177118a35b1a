"""Rules train and theta_i: train a ticket on a task; write its predictions and its weights."""

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
from tickets.training.attempt import attempt
from tickets.training.checkpoints import Checkpoints
from tickets.training.evaluation import predict
from tickets.training.interruption import StopRequest
from tickets.training.loop import initial_head, train
from tickets.training.saving import Saving, checkpoint_key


@dataclass(frozen=True, kw_only=True)
class Files:
    """What is read and written, and how the job runs."""

    ticket: Path = source("the ticket to train")
    theta: Path = source("the ticket's weights")
    mask: Path = source("the ticket's mask")
    model: Path = flag("the model's configuration")
    train: Path = source("encoded training split")
    validation: Path | None = source("encoded validation split")
    data: Path | None = source("validation split in canonical columns")
    predictions: Path | None = flag("predictions to write")
    trained: Path = flag("weights to write")
    checkpoints: Path = flag("folder to save to and resume from")
    checkpoint_minutes: float = flag("0: save each step", default=5)
    events: Path | None = flag("folder for TensorBoard event files")
    trainings_per_gpu: int = flag("that share a GPU", default=1)


def main() -> None:
    parameters, files = flags.parse(__doc__, Parameters, Files)
    with attempt(files.checkpoints, files.trainings_per_gpu) as (stop, waited):
        run_training(parameters, files, stop, waited=waited)


def run_training(recipe: Parameters, files: Files, stop: StopRequest, *, waited: bool) -> None:
    """Train on the reserved device and write the results, unless another attempt has done so."""
    quick_torch.collect_again()
    started = provenance.now()
    device.prepare(recipe.threads)

    parameters, dependencies = flags.recorded(recipe), flags.dependencies(files)
    dependencies["configuration"] = files.model / "config.json"
    outputs = [files.trained, *([files.predictions] if files.predictions else [])]
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
        name=str(files.trained.with_suffix("")),
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
    weights.write(files.trained, {**start.weights, **result.theta, **heads})
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
