"""Small encoders without an MLM head, and sentences that one can learn something about."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from transformers import AutoConfig, AutoModel

from tickets.initial.pretraining import SPECIAL, Size, write_model

FAMILIES = ("bert", "roberta", "distilbert", "electra")
POSITIONS = 18
DOES = {"boat": "sails", "cat": "sleeps", "tree": "grows"}
WORDS = (*SPECIAL, "the", "a", *DOES, *DOES.values(), "slowly", "fast", ".")


def encoder(folder: Path, family: str = "bert") -> Path:
    """A model directory with random weights, and a tokenizer of one token a word."""
    size = Size(hidden_size=16, layers=2, heads=2, intermediate_size=24, positions=POSITIONS)
    write_model(folder, size, WORDS, next_sentence=False)
    bert = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
    bert |= {"intermediate_size": 24}
    other = {"dim": 16, "n_layers": 2, "n_heads": 2, "hidden_dim": 24}
    config = AutoConfig.for_model(
        family,
        vocab_size=len(WORDS),
        max_position_embeddings=POSITIONS,
        pad_token_id=0,
        **(other if family == "distilbert" else bert),
        **({"embedding_size": 8} if family == "electra" else {}),
    )
    torch.manual_seed(0)
    AutoModel.from_config(config).save_pretrained(folder)
    return folder


def sentences(count: int, seed: int) -> list[str]:
    """Each thing does what it does, in one of two ways."""
    drawn = np.random.default_rng(seed)
    return [
        f"{drawn.choice(['the', 'a'])} {thing} {DOES[thing]} {drawn.choice(['slowly', 'fast'])} ."
        for thing in drawn.choice(list(DOES), count)
    ]
