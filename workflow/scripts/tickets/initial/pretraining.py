"""The embedded study's theta_0: a small BERT, pre-trained on the generated language by MLM and
next-sentence prediction.
"""

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
from tickets.flags import flag
from tickets.initial.initialisation import draw, head_shapes

Weights = Mapping[str, NDArray[np.float32]]

NEXT_SENTENCE = {f"output.{kind}": f"cls.seq_relationship.{kind}" for kind in ("weight", "bias")}
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


@dataclass(frozen=True, kw_only=True)
class Size:
    """The size of the network: widths in units, and `positions`, the longest text in tokens."""

    hidden_size: int = flag("its hidden size")
    layers: int = flag("its layers")
    heads: int = flag("its heads")
    intermediate_size: int = flag("its intermediate size")
    positions: int = flag("its positions")


def write_model(
    directory: Path, size: Size, vocabulary: Sequence[str], *, next_sentence: bool
) -> None:
    """Write a BERT model directory: config.json and a word-level tokenizer for `vocabulary`.

    `next_sentence`: the model has a head for next-sentence prediction, too.
    """
    directory.mkdir(parents=True, exist_ok=True)
    config = {
        "architectures": ["BertForPreTraining" if next_sentence else "BertForMaskedLM"],
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


def shapes(bert: Architecture, *, next_sentence: bool) -> dict[str, tuple[int, ...]]:
    """The shapes of a BERT's tensors by name, with its pooler and the heads of pre-training."""
    hidden, inner, vocabulary = bert.hidden_size, bert.intermediate_size, bert.vocabulary
    encoder: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (vocabulary, hidden),
        "embeddings.position_embeddings.weight": (bert.positions, hidden),
        "embeddings.token_type_embeddings.weight": (2, hidden),
        **_affine("embeddings.LayerNorm", hidden),
        **_affine("pooler.dense", hidden, hidden),
    }
    for layer in range(bert.layers):
        prefix = f"encoder.layer.{layer}"
        for part in ("query", "key", "value"):
            encoder |= _affine(f"{prefix}.attention.self.{part}", hidden, hidden)
        encoder |= _affine(f"{prefix}.attention.output.dense", hidden, hidden)
        encoder |= _affine(f"{prefix}.attention.output.LayerNorm", hidden)
        encoder |= _affine(f"{prefix}.intermediate.dense", inner, hidden)
        encoder |= _affine(f"{prefix}.output.dense", hidden, inner)
        encoder |= _affine(f"{prefix}.output.LayerNorm", hidden)
    head = head_shapes(
        "mlm", hidden=hidden, embedding=hidden, vocabulary=vocabulary, labels=0, pooler=True
    )
    head |= _affine("output", 2, hidden) if next_sentence else {}
    return encoder | {f"{PRETRAINED_HEAD}{name}": shape for name, shape in head.items()}


def draw_weights(
    model: Path, seed: int, *, next_sentence: bool
) -> tuple[Architecture, dict[str, NDArray[np.float32]]]:
    """A model directory's architecture, and its random weights before pre-training."""
    bert = architecture.read(model)
    drawn = shapes(bert, next_sentence=next_sentence)
    return bert, draw(drawn, seed, "before pre-training", bert.initializer_range)


def write_weights(path: Path, theta: Weights, head: Weights) -> None:
    """Write a checkpoint of encoder, pooler and the heads of pre-training, named as in BERT's."""
    names = mlm_head_names(FAMILIES["bert"]) | NEXT_SENTENCE
    checkpoint = {f"bert.{name}": value for name, value in theta.items()}
    checkpoint |= {names[name]: value for name, value in head.items()}
    write_bytes(path, save(checkpoint, metadata={"format": "pt"}))


def _affine(name: str, *shape: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": shape, f"{name}.bias": shape[:1]}


def _tokenizer(vocabulary: Sequence[str]) -> Tokenizer:
    ids = {word: index for index, word in enumerate(vocabulary)}
    tokenizer = Tokenizer(models.WordLevel(ids, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()  # type: ignore[assignment]
    tokenizer.post_processor = processors.TemplateProcessing(  # type: ignore[assignment]
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(token, ids[token]) for token in ("[CLS]", "[SEP]")],
    )
    tokenizer.add_special_tokens(list(SPECIAL))
    return tokenizer


def _write_json(path: Path, value: Mapping[str, Any]) -> None:
    write_bytes(path, json.dumps(value, indent=2).encode() + b"\n")
