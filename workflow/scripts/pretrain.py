"""Rule pretrain: the embedded study's BERT, pre-trained on the generated language.

The objectives are MLM and, if the text has labels for it, next-sentence prediction from a given
step on: a network that cannot compare sentences yet would learn to predict without comparing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tickets import code, flags, masks, provenance, weights
from tickets.encoded import Encoded
from tickets.errors import run
from tickets.files import write_bytes
from tickets.flags import flag, source
from tickets.initial import pretraining
from tickets.model import device
from tickets.rules.pretrain import Parameters
from tickets.training import lock
from tickets.training.attempt import TrainingJob, attempt
from tickets.training.checkpoints import Checkpoints
from tickets.training.interruption import StopRequest
from tickets.training.loop import initial_head, train
from tickets.training.recipe import Recipe
from tickets.training.saving import Saving, checkpoint_key
from tickets.training.validation import Validation, hold_out


@dataclass(frozen=True, kw_only=True)
class Files(TrainingJob):
    """What is read and written, and how the job runs."""

    model: Path = flag("configuration and tokenizer")
    corpus: Path = source("encoded pairs")
    output: Path = flag("checkpoint to write")
    validation: Path = flag("table of losses on held-out pairs to write")


def main() -> None:
    parameters, files = flags.parse(__doc__, Parameters, Files)
    with attempt(files) as (stop, waited):
        run_training(parameters, files, stop, waited=waited)


def run_training(settings: Parameters, files: Files, stop: StopRequest, *, waited: bool) -> None:
    """Train on the reserved device and write the results, unless another attempt has done so."""
    started = provenance.now()
    device.prepare(settings.threads)
    corpus, held = hold_out(Encoded.read(files.corpus), settings.mlm_probability)
    next_sentence = "label" in corpus.columns
    recipe = Recipe(
        epochs=None,
        steps=settings.steps,
        batch_size=settings.batch_size,
        learning_rate=settings.learning_rate,
        warmup_steps=settings.warmup_steps,
        mlm_probability=settings.mlm_probability,
        dropout=settings.dropout or 0.0,
        weight_decay=settings.weight_decay or 0.0,
        mlm_steps=round((settings.mlm_share or 0.0) * settings.steps) if next_sentence else 0,
    )
    model, theta = pretraining.draw_weights(files.model, settings.seed, next_sentence=next_sentence)
    encoder, head = initial_head(
        theta, model, head="mlm", labels=0, seed=settings.seed, task="pretraining"
    )
    parameters = {name: str(value) for name, value in flags.recorded(settings).items()}
    dependencies = flags.dependencies(files) | {"config.json": files.model / "config.json"}
    entry = Path(__file__)
    meaning = code.digest(entry)
    outputs = files.output, files.validation
    if waited and lock.already_done(
        *outputs, code=meaning, parameters=parameters, dependencies=dependencies
    ):
        return
    key = checkpoint_key(parameters, {"corpus": files.corpus}, entry)
    checkpoints = Checkpoints(files.checkpoints, key)
    validation = Validation(held)
    result = train(
        encoder,
        head,
        masks.dense(weights.prunable_of(theta)),
        corpus,
        model,
        recipe,
        head="pretraining" if next_sentence else "mlm",
        seed=settings.seed,
        saving=Saving(checkpoints=checkpoints, minutes=files.checkpoint_minutes),
        stop=stop,
        observer=validation,
        name=str(files.output.with_suffix("")),
        events=files.events,
    )
    pretraining.write_weights(files.output, result.theta, result.gamma)
    write_bytes(files.validation, validation.table())
    provenance.write(
        *outputs,
        rule="pretrain",
        parameters=parameters,
        dependencies=dependencies,
        facts={"final_loss": repr(result.losses[-1]), "device": result.device, "code": meaning},
        started=started,
    )
    checkpoints.remove()


if __name__ == "__main__":
    run(main)
