"""How a training is done: the paper's hyper-parameters (Table 1), precision and speed-ups."""

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
    """How to train: steps or epochs (exactly one), learning rate decaying linearly to zero.

    `warmup_steps` raise the rate linearly first (0 in the paper). Where it falls once over `rounds`
    trainings of the same length, this is the `round`th of them, from 0. `dropout` None keeps the
    model's own rates. `mlm_probability` is the share of tokens that MLM hides. `precision` is what
    products are taken in, where the device has it; weights, gradients and moments are float32.
    `speedups` change no result but by rounding: several sequences in a row, no embeddings but those
    of the task's word pieces, of the last layer no output but what the head reads, whole steps as
    CUDA graphs.
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
        """Steps of a whole training on so many examples."""
        if self.steps is not None:
            return self.steps
        assert self.epochs is not None
        return round(self.epochs * steps_per_epoch(examples, self.batch_size))

    def rate(self, step: int, total: int) -> float:
        """The learning rate of a step, counted from 0."""
        if step < self.warmup_steps:
            return self.learning_rate * (step + 1) / self.warmup_steps
        done, all_rounds = step + self.round * total, self.rounds * total
        return self.learning_rate * (all_rounds - done) / (all_rounds - self.warmup_steps)

    def rates(self, architecture: Architecture) -> Rates:
        """The dropout rates of a training."""
        if self.dropout is not None:
            return Rates(hidden=self.dropout, attention=self.dropout)
        return Rates(hidden=architecture.hidden_dropout, attention=architecture.attention_dropout)
