"""Rule pretrain: the embedded study's BERT, pre-trained by MLM on the generated language."""

from __future__ import annotations

import argparse
from pathlib import Path

from tickets import code, masks, provenance, weights
from tickets.encoded import Encoded
from tickets.errors import run
from tickets.initial import pretraining
from tickets.model import device
from tickets.training import gpu, lock
from tickets.training.checkpoints import Checkpoints
from tickets.training.loop import initial_head, train
from tickets.training.recipe import Recipe
from tickets.training.saving import Saving, checkpoint_key


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="configuration and tokenizer")
    parser.add_argument("--corpus", type=Path, required=True, help="encoded pairs")
    parser.add_argument("--output", type=Path, required=True, help="checkpoint to write")
    parser.add_argument("--steps", type=int, required=True, help="number of weight updates")
    parser.add_argument(
        "--warmup-steps", type=int, required=True, help="steps in which the learning rate rises"
    )
    parser.add_argument("--batch-size", type=int, required=True, help="pairs per step")
    parser.add_argument("--learning-rate", type=float, required=True, help="its highest value")
    parser.add_argument(
        "--seed", type=int, required=True, help="for initial weights, data order, masked words"
    )
    parser.add_argument("--threads", type=int, required=True, help="CPU threads; they change bits")
    parser.add_argument("--mlm-probability", type=float, required=True, help="share hidden")
    parser.add_argument("--checkpoints", type=Path, required=True, help="folder to save to")
    parser.add_argument("--checkpoint-minutes", type=float, required=True, help="0: save each step")
    parser.add_argument("--events", type=Path, help="folder for TensorBoard event files")
    parser.add_argument("--trainings-per-gpu", type=int, default=1, help="that share a GPU")
    flags = parser.parse_args()
    with lock.exclusive(flags.checkpoints) as waited, gpu.reserved(flags.trainings_per_gpu):
        run_training(flags, waited=waited)


def run_training(flags: argparse.Namespace, *, waited: bool) -> None:
    """Train on the reserved device and write the results, unless another attempt has done so."""
    started = provenance.now()
    device.prepare(flags.threads)
    recipe = Recipe(
        epochs=None,
        steps=flags.steps,
        batch_size=flags.batch_size,
        learning_rate=flags.learning_rate,
        warmup_steps=flags.warmup_steps,
        mlm_probability=flags.mlm_probability,
        dropout=0.0,  # there is more text than a network of this size can memorise
    )
    model, theta = pretraining.draw_weights(flags.model, flags.seed)
    encoder, head = initial_head(
        theta, model, head="mlm", labels=0, seed=flags.seed, task="pretraining"
    )
    recorded = (
        *("steps", "warmup_steps", "batch_size", "learning_rate", "mlm_probability"),
        *("seed", "threads"),
    )
    parameters = {name: str(getattr(flags, name)) for name in recorded}
    dependencies = {"corpus": flags.corpus, "config.json": flags.model / "config.json"}
    entry = Path(__file__)
    meaning = code.digest(entry)
    if waited and lock.already_done(
        flags.output, code=meaning, parameters=parameters, dependencies=dependencies
    ):
        return
    key = checkpoint_key(parameters, {"corpus": flags.corpus}, entry)
    checkpoints = Checkpoints(flags.checkpoints, key)
    result = train(
        encoder,
        head,
        masks.dense(weights.prunable_of(theta)),
        Encoded.read(flags.corpus),
        model,
        recipe,
        head="mlm",
        seed=flags.seed,
        saving=Saving(checkpoints=checkpoints, minutes=flags.checkpoint_minutes),
        name=str(flags.output.with_suffix("")),
        events=flags.events,
    )
    pretraining.write_weights(flags.output, result.theta, result.gamma)
    provenance.write(
        flags.output,
        rule="pretrain",
        parameters=parameters,
        dependencies=dependencies,
        facts={"final_loss": repr(result.losses[-1]), "device": result.device, "code": meaning},
        started=started,
    )
    checkpoints.remove()


if __name__ == "__main__":
    run(main)
