"""The settings of a training: the paper's hyper-parameters (Table 1), precision, speed-ups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tickets.architecture import Architecture
from tickets.model.batches import steps_per_epoch
from tickets.model.dropout import Rates

PRECISIONS = ("float32", "bfloat16")
SPEEDUPS = ("packing", "vocabulary", "last_layer", "graphs")


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """The settings of a training.

    Exactly one of `epochs` and `steps` is set. The learning rate rises linearly during
    `warmup_steps` (0 in the paper) and then falls linearly to zero; over `rounds` trainings of the
    same length it falls once, and this is number `round`, counted from 0. `dropout` None keeps the
    model's own rates. `mlm_probability` is the share of tokens that MLM hides. Matrix products are
    computed in `precision` if the device supports it; weights, gradients and moments are float32.
    `speedups` change results by rounding only: several sequences in a row (packing), embeddings of
    the task's word pieces only (vocabulary), of the last layer only the outputs that the head reads
    (last_layer), whole steps as CUDA graphs (graphs).
    """

    epochs: float | None
    steps: int | None
    batch_size: int
    learning_rate: float
    warmup_steps: int = 0
    round: int = 0
    rounds: int = 1
    adam_epsilon: float = 1e-8
    clip_norm: float = 1.0
    dropout: float | None = None
    mlm_probability: float = 0.15
    precision: str = "float32"
    speedups: Sequence[str] = SPEEDUPS

    def total_steps(self, examples: int) -> int:
        """The number of steps of a whole training on `examples` examples."""
        if self.steps is not None:
            return self.steps
        assert self.epochs is not None
        return round(self.epochs * steps_per_epoch(examples, self.batch_size))

    def rate(self, step: int, total: int) -> float:
        """The learning rate of `step`, counted from 0, out of `total`."""
        if step < self.warmup_steps:
            return self.learning_rate * (step + 1) / self.warmup_steps
        done, all_rounds = step + self.round * total, self.rounds * total
        return self.learning_rate * (all_rounds - done) / (all_rounds - self.warmup_steps)

    def rates(self, architecture: Architecture) -> Rates:
        """The dropout rates: this recipe's, or else the architecture's."""
        if self.dropout is not None:
            return Rates(hidden=self.dropout, attention=self.dropout)
        return Rates(hidden=architecture.hidden_dropout, attention=architecture.attention_dropout)
