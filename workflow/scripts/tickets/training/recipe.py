"""The settings of a training: the paper's hyper-parameters (Table 1), precision, speed-ups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tickets.flags import filled, flag
from tickets.model.batches import steps_per_epoch

PRECISIONS = ("float32", "bfloat16")
SPEEDUPS = ("packing", "vocabulary", "last_layer", "graphs")


@dataclass(frozen=True, kw_only=True)
class Training:
    """What all fine-tuning of a study shares.

    `dropout` None keeps the model's own rates. `mlm_probability` is the share of tokens that MLM
    hides. Activations are of the type `precision` if the device supports it; weights, gradients,
    moments and the last product of a head are float32. `speedups` are: several sequences in a row
    (packing), embeddings of the task's word pieces only (vocabulary), of the last layer only the
    outputs that the head reads (last_layer), whole steps as CUDA graphs (graphs). Without dropout
    they change results by rounding only; with it, packing and last_layer also change what is drawn.
    """

    adam_epsilon: float = flag("AdamW's epsilon", default=1e-8)
    clip_norm: float = flag("largest norm of the gradients", default=1.0)
    dropout: float | None = flag("rate; default: the model's rates", default=None)
    mlm_probability: float = flag("share of words that MLM hides, 0 to 1", default=0.15)
    precision: str = flag("of activations", default="float32", choices=PRECISIONS)
    speedups: Sequence[str] = flag("default: all of them", default=SPEEDUPS, choices=SPEEDUPS)


@dataclass(frozen=True, kw_only=True)
class Recipe(Training):
    """The settings of a training.

    Exactly one of `epochs` and `steps` is set. The learning rate rises linearly during
    `warmup_steps` (0 in the paper, and no flag of fine-tuning) and then falls linearly to zero.
    With `rounds` it falls as in so many trainings one after the other, and this is the first of
    them. Batches are those after `earlier_trainings` of this length. `weight_decay` (0 in the
    paper, no flag either) is AdamW's for matrices and embeddings.

    The first `mlm_steps` of a pre-training are MLM alone, on true pairs, without dropout and decay.
    The rate rises and falls in them, and again in the steps after them.
    """

    epochs: float | None = flag("passes over the training split", alternative=True)
    steps: int | None = flag("number of weight updates", alternative=True, form="positive")
    batch_size: int = flag("examples per step", form="positive")
    learning_rate: float = flag("its first value; it falls to zero")
    rounds: int = flag(
        "trainings over which the rate would fall to zero", default=1, form="positive"
    )
    earlier_trainings: int = flag("whose batches came before", default=0, always=False)
    round: int | None = filled("count", default=None, always=False)  # by earlier versions only
    warmup_steps: int = 0
    weight_decay: float = 0.0
    mlm_steps: int = 0

    def total_steps(self, examples: int) -> int:
        """The number of steps of a whole training on `examples` examples."""
        if self.steps is not None:
            return self.steps
        assert self.epochs is not None
        return round(self.epochs * steps_per_epoch(examples, self.batch_size))

    def rate(self, step: int, total: int) -> float:
        """The learning rate of `step`, counted from 0, out of `total`."""
        if step < self.mlm_steps:
            total = self.mlm_steps
        else:
            step, total = step - self.mlm_steps, total - self.mlm_steps
        if step < self.warmup_steps:
            return self.learning_rate * (step + 1) / self.warmup_steps
        steps = self.rounds * total
        return self.learning_rate * (steps - step) / (steps - self.warmup_steps)
