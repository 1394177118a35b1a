"""A BERT small enough to train in a test, and texts for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from transformers import BertConfig, BertForMaskedLM, BertModel

from tickets.encoded import Encoded

VOCABULARY = 40


def config() -> BertConfig:
    """A new one each time: a network notes in it what kind of labels it saw."""
    return BertConfig(
        vocab_size=VOCABULARY,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=24,
        max_position_embeddings=16,
        initializer_range=0.2,
    )


def model(folder: Path) -> Path:
    """A checkpoint of random weights, with pooler and MLM head."""
    torch.manual_seed(0)
    network = BertForMaskedLM(config())
    network.bert = BertModel(config())  # with the pooler that BertForMaskedLM leaves out
    network.tie_weights()
    network.save_pretrained(folder)
    return folder


def texts(examples: int, head: str, seed: int = 0) -> Encoded:
    """Random texts of 3 to 10 tokens; the label says whether token 7 occurs."""
    generator = np.random.default_rng(seed)
    parts = [generator.integers(5, 12, generator.integers(1, 9)) for _ in range(examples)]
    label = np.array([7 in part for part in parts])
    whole = [np.concatenate([[2], part, [3]]) for part in parts]
    offsets = np.cumsum([0, *map(len, whole)])
    columns = {
        "classification": {"label": label.astype(np.int32)},
        "regression": {"label": label.astype(np.float32)},
        "span": {
            "start": np.ones(examples, np.int32),
            "end": np.array([len(part) for part in parts], np.int32),
            "context_begin": np.ones(examples, np.int32),
            "context_end": np.array([len(part) + 1 for part in parts], np.int32),
        },
        "mlm": {},
    }[head]
    return Encoded(
        tokens=np.concatenate(whole).astype(np.int32),
        types=np.zeros(offsets[-1], np.int8),
        offsets=offsets.astype(np.int64),
        example=np.arange(examples, dtype=np.int32),
        columns=columns,
        meta={
            "head": head,
            "vocab_size": VOCABULARY,
            "mask_id": 4,
            "pad_id": 0,
            "special_ids": [0, 1, 2, 3, 4],
            "max_length": 16,
        },
    )
