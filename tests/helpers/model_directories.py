"""Model directories without weights: a configuration, and the words of a tokenizer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
LETTERS = (*SPECIAL, *"abcdefghij")
BERT = {
    "model_type": "bert",
    "vocab_size": len(LETTERS),
    "max_position_embeddings": 64,
    "type_vocab_size": 2,
    "hidden_size": 8,
    "num_hidden_layers": 1,
    "num_attention_heads": 1,
    "intermediate_size": 8,
    "hidden_act": "gelu",
    "hidden_dropout_prob": 0.1,
    "attention_probs_dropout_prob": 0.1,
}


def configured(folder: Path, **changes: Any) -> Path:
    """A small BERT with these changes, without a tokenizer; None takes a key away."""
    folder.mkdir(parents=True, exist_ok=True)
    config = {name: value for name, value in (BERT | changes).items() if value is not None}
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def worded(folder: Path, words: Sequence[str] = LETTERS, **changes: Any) -> Path:
    """The same with a BERT's vocabulary: `words`, the special ones among them."""
    configured(folder, vocab_size=len(words), **changes)
    (folder / "vocab.txt").write_text("".join(f"{word}\n" for word in words))
    return folder
