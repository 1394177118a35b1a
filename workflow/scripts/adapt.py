"""Rule adapt: the pre-training of a model goes on by masked language modelling, on any text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from tickets import architecture, code, flags, masks, provenance, weights
from tickets.architecture import CONFIGURATION, PRETRAINED_HEAD, Architecture
from tickets.encoded import Encoded
from tickets.errors import run
from tickets.exchange.checkpoint import in_float32, rename_tensors, with_mlm_head
from tickets.files import write_bytes
from tickets.flags import flag, source
from tickets.model import device
from tickets.model.encoder import POOLER
from tickets.rules.adapt import Parameters
from tickets.training import lock
from tickets.training.attempt import TrainingJob, attempt
from tickets.training.checkpoints import Checkpoints
from tickets.training.interruption import StopRequest
from tickets.training.loop import Trained, initial_head, train
from tickets.training.recipe import Recipe
from tickets.training.saving import Saving, checkpoint_key
from tickets.training.validation import Validation


@dataclass(frozen=True, kw_only=True)
class Files(TrainingJob):
    """What is read and written, and how the job runs."""

    theta: Path = source("weights to go on from")
    train: Path = source("encoded text")
    validation: Path = source("encoded held-out text")
    model: Path = flag("configuration and tokenizer")
    output: Path = flag("checkpoint to write, configuration and tokenizer beside it")
    losses: Path = flag("table of losses on held-out text to write")


def main() -> None:
    parameters, files = flags.parse(__doc__, Parameters, Files)
    with attempt(files) as (stop, waited):
        run_training(parameters, files, stop, waited=waited)


def run_training(settings: Parameters, files: Files, stop: StopRequest, *, waited: bool) -> None:
    """Train on the reserved device and write the results, unless another attempt has done so."""
    started = provenance.now()
    device.prepare(settings.threads)

    configuration = {name: files.model / name for name in CONFIGURATION}
    parameters = flags.recorded(settings)
    dependencies = flags.dependencies(files)
    dependencies |= {f"model/{name}": file for name, file in configuration.items()}
    written = {name: files.output.with_name(name) for name in CONFIGURATION}
    outputs = [files.output, files.losses, *written.values()]
    entry = Path(__file__)
    meaning = code.digest(entry)
    if waited and lock.already_done(
        *outputs, code=meaning, parameters=parameters, dependencies=dependencies
    ):
        return

    model = architecture.read(files.model)
    theta, gamma = initial_head(
        weights.read(files.theta),
        model,
        head="mlm",
        labels=0,
        seed=settings.seed,
        task="pretraining",
    )
    # MLM reads no pooler: it stays as it is, without weight decay.
    pooler = {name: value for name, value in theta.items() if name.startswith(POOLER)}
    trained = {name: value for name, value in theta.items() if name not in pooler}
    checkpoints = Checkpoints(files.checkpoints, checkpoint_key(parameters, dependencies, entry))
    validation = Validation(Encoded.read(files.validation))
    result = train(
        trained,
        gamma,
        masks.dense(weights.prunable_of(trained)),
        Encoded.read(files.train),
        model,
        recipe_of(settings),
        head="mlm",
        seed=settings.seed,
        saving=Saving(checkpoints=checkpoints, minutes=files.checkpoint_minutes),
        stop=stop,
        observer=validation,
        name=str(files.output.with_suffix("")),
        events=files.events,
    )

    write_bytes(files.output, checkpoint_of(result, pooler, model))
    write_bytes(files.losses, validation.table())
    contents = {name: provenance.read(file) for name, file in configuration.items()}
    contents["config.json"] = with_mlm_head(in_float32(contents["config.json"]))
    for name, data in contents.items():
        write_bytes(written[name], data)
    provenance.write(
        *outputs,
        rule="adapt",
        parameters=parameters,
        dependencies=dependencies,
        facts={
            "final_loss": repr(result.losses[-1]),
            "device": result.device,
            "products": str(device.product_dtype(settings.precision)),
            "code": meaning,
        },
        started=started,
    )
    checkpoints.remove()


def recipe_of(settings: Parameters) -> Recipe:
    """The recipe of the training."""
    others = ("seed", "threads")
    values = {name: value for name, value in vars(settings).items() if name not in others}
    return Recipe(epochs=None, **values)


def checkpoint_of(
    result: Trained, pooler: Mapping[str, NDArray[np.float32]], model: Architecture
) -> bytes:
    """Encoder, pooler and MLM head as one of the family's checkpoints."""
    head = {f"{PRETRAINED_HEAD}{name}": value for name, value in result.gamma.items()}
    tensors = rename_tensors({**result.theta, **pooler, **head}, model)
    return save(tensors, metadata={"format": "pt"})  # transformers needs this key


if __name__ == "__main__":
    run(main)
