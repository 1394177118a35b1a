"""Rule pretrain: how the embedded study's BERT is pre-trained."""

from __future__ import annotations

from dataclasses import dataclass

from tickets.flags import flag


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """The parameters of pre-training; its statements have numbers as text, whole ones too."""

    steps: int = flag("number of weight updates", form="digits")
    warmup_steps: int = flag("steps in which the learning rate rises", form="digits")
    batch_size: int = flag("pairs per step", form="digits")
    learning_rate: float = flag("its highest value")
    seed: int = flag("for initial weights, data order, masked words", form="digits")
    threads: int = flag("CPU threads; they change bits", form="digits")
    mlm_probability: float = flag("share hidden")
    # Statements of earlier versions, which had none of these, do not name them.
    mlm_share: float | None = flag("first share of the steps, of MLM alone", default=None)
    dropout: float | None = flag("rate; default: none", default=None)
    weight_decay: float | None = flag("of matrices and embeddings; default: none", default=None)
