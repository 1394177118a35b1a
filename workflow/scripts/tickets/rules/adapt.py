"""Rule adapt: how the pre-training of a model goes on."""

from __future__ import annotations

from dataclasses import dataclass

from tickets.flags import flag
from tickets.training.recipe import Training


@dataclass(frozen=True, kw_only=True)
class Parameters(Training):
    """The parameters of pre-training that goes on, by masked language modelling alone."""

    steps: int = flag("number of weight updates", form="positive")
    batch_size: int = flag("texts per step", form="positive")
    learning_rate: float = flag("its highest value")
    warmup_steps: int = flag("steps in which the learning rate rises", form="count")
    weight_decay: float = flag("of matrices and embeddings")
    seed: int = flag("for a new head, data order, masked words, dropout", form="count")
    threads: int = flag("CPU threads; they change bits", form="positive")
