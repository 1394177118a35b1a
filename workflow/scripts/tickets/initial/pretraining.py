"""The embedded study's own theta_0: a small BERT, pre-trained by MLM on the generated language."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from tickets import architecture
from tickets.architecture import FAMILIES, PRETRAINED_HEAD, Architecture, mlm_head_names
from tickets.files import write_bytes
from tickets.initial.initialisation import draw, head_shapes

Weights = Mapping[str, NDArray[np.float32]]

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


@dataclass(frozen=True, kw_only=True)
class Size:
    """The size of the network; widths in units, `positions` the longest text in tokens."""

    hidden_size: int
    layers: int
    heads: int
    intermediate_size: int
    positions: int


def write_model(directory: Path, size: Size, vocabulary: Sequence[str]) -> None:
    """Write config.json and a word-level tokenizer for `vocabulary` as a BERT model directory."""
    directory.mkdir(parents=True, exist_ok=True)
    config = {
        "architectures": ["BertForMaskedLM"],
        "model_type": "bert",
        "vocab_size": len(vocabulary),
        "hidden_size": size.hidden_size,
        "num_hidden_layers": size.layers,
        "num_attention_heads": size.heads,
        "intermediate_size": size.intermediate_size,
        "max_position_embeddings": size.positions,
        "type_vocab_size": 2,
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0.1,
        "attention_probs_dropout_prob": 0.1,
        "layer_norm_eps": 1e-12,
        "initializer_range": 0.02,
        "pad_token_id": vocabulary.index("[PAD]"),
    }
    _write_json(directory / "config.json", config)
    _write_json(
        directory / "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": size.positions,
            **{f"{token[1:-1].lower()}_token": token for token in SPECIAL},
        },
    )
    write_bytes(directory / "tokenizer.json", _tokenizer(vocabulary).to_str().encode())


def shapes(known: Architecture) -> dict[str, tuple[int, ...]]:
    """The tensors of a BERT with its pooler, by name, and those of its MLM head."""
    hidden, inner, vocabulary = known.hidden_size, known.intermediate_size, known.vocabulary
    found: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (vocabulary, hidden),
        "embeddings.position_embeddings.weight": (known.positions, hidden),
        "embeddings.token_type_embeddings.weight": (2, hidden),
        **_affine("embeddings.LayerNorm", hidden),
        **_affine("pooler.dense", hidden, hidden),
    }
    for layer in range(known.layers):
        at = f"encoder.layer.{layer}"
        for part in ("query", "key", "value"):
            found |= _affine(f"{at}.attention.self.{part}", hidden, hidden)
        found |= _affine(f"{at}.attention.output.dense", hidden, hidden)
        found |= _affine(f"{at}.attention.output.LayerNorm", hidden)
        found |= _affine(f"{at}.intermediate.dense", inner, hidden)
        found |= _affine(f"{at}.output.dense", hidden, inner)
        found |= _affine(f"{at}.output.LayerNorm", hidden)
    head = head_shapes(
        "mlm", hidden=hidden, embedding=hidden, vocabulary=vocabulary, labels=0, pooler=True
    )
    return found | {f"{PRETRAINED_HEAD}{name}": shape for name, shape in head.items()}


def initial(model: Path, seed: int) -> tuple[Architecture, dict[str, NDArray[np.float32]]]:
    """The network of a model directory before its pre-training, its MLM head included."""
    known = architecture.read(model)
    return known, draw(shapes(known), seed, "before pre-training", known.initializer_range)


def write_weights(path: Path, theta: Weights, head: Weights) -> None:
    """Write a BertForMaskedLM checkpoint that carries its pooler too."""
    names = mlm_head_names(FAMILIES["bert"])
    checkpoint = {f"bert.{name}": value for name, value in theta.items()}
    checkpoint |= {names[name]: value for name, value in head.items()}
    write_bytes(path, save(checkpoint, metadata={"format": "pt"}))


def _affine(name: str, *shape: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": shape, f"{name}.bias": shape[:1]}


def _tokenizer(vocabulary: Sequence[str]) -> Tokenizer:
    numbers = {word: number for number, word in enumerate(vocabulary)}
    tokenizer = Tokenizer(models.WordLevel(numbers, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()  # type: ignore[assignment]
    tokenizer.post_processor = processors.TemplateProcessing(  # type: ignore[assignment]
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(token, numbers[token]) for token in ("[CLS]", "[SEP]")],
    )
    tokenizer.add_special_tokens(list(SPECIAL))
    return tokenizer


def _write_json(path: Path, value: Mapping[str, Any]) -> None:
    write_bytes(path, json.dumps(value, indent=2).encode() + b"\n")
