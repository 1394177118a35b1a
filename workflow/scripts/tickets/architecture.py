"""The architecture of an encoder, and the names of its parts in each family.

All families share BERT's post-LN encoder. They differ in names. RoBERTa reserves two positions;
DistilBERT has no token types and no dropout after attention; ELECTRA's embeddings may be narrower
than its encoder.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tickets.errors import BadInput

CONFIGURATION = ("config.json", "tokenizer.json", "tokenizer_config.json")
"""The files of a model directory that hold no weights."""


@dataclass(frozen=True, kw_only=True)
class Names:
    """A family's name for each part; parts of a layer are relative to `layer`."""

    layer: str = "encoder.layer.{}"
    query: str = "attention.self.query"
    key: str = "attention.self.key"
    value: str = "attention.self.value"
    attention_output: str = "attention.output.dense"
    attention_norm: str = "attention.output.LayerNorm"
    intermediate: str = "intermediate.dense"
    output: str = "output.dense"
    output_norm: str = "output.LayerNorm"
    # The parts of the MLM head in the family's checkpoints.
    mlm_dense: str = "cls.predictions.transform.dense"
    mlm_norm: str = "cls.predictions.transform.LayerNorm"
    mlm_bias: str = "cls.predictions.bias"


_BERT = Names()
_DISTILBERT = Names(
    layer="transformer.layer.{}",
    query="attention.q_lin",
    key="attention.k_lin",
    value="attention.v_lin",
    attention_output="attention.out_lin",
    attention_norm="sa_layer_norm",
    intermediate="ffn.lin1",
    output="ffn.lin2",
    output_norm="output_layer_norm",
    mlm_dense="vocab_transform",
    mlm_norm="vocab_layer_norm",
    mlm_bias="vocab_projector.bias",
)
HEAD = "head."  # prefix of the names of a training's head
PRETRAINED_HEAD = "pretrained_head."  # prefix of the names of theta_0's MLM head
FAMILIES = {
    "bert": _BERT,
    "roberta": Names(
        mlm_dense="lm_head.dense", mlm_norm="lm_head.layer_norm", mlm_bias="lm_head.bias"
    ),
    "electra": Names(
        mlm_dense="generator_predictions.dense",
        mlm_norm="generator_predictions.LayerNorm",
        mlm_bias="generator_lm_head.bias",
    ),
    "distilbert": _DISTILBERT,
}


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """An encoder's settings from config.json, under the same names for every family.

    Widths are in units. `positions` is the largest number of tokens in a text, `position_offset`
    the first position's index in the table of positions.
    """

    family: str
    hidden_size: int
    layers: int
    heads: int
    intermediate_size: int
    activation: str
    norm_epsilon: float
    hidden_dropout: float
    attention_dropout: float
    initializer_range: float
    vocabulary: int
    positions: int
    position_offset: int
    pad_id: int

    @property
    def names(self) -> Names:
        """The family's names for its parts."""
        return FAMILIES[self.family]


def mlm_head_names(names: Names) -> dict[str, str]:
    """The family's names of the MLM head's tensors, by our names."""
    return {
        "dense.weight": f"{names.mlm_dense}.weight",
        "dense.bias": f"{names.mlm_dense}.bias",
        "norm.weight": f"{names.mlm_norm}.weight",
        "norm.bias": f"{names.mlm_norm}.bias",
        "bias": names.mlm_bias,
    }


# The names in config.json by our names; where they differ, BERT's first, then DistilBERT's.
_KEYS = {
    "hidden_size": ("hidden_size", "dim"),
    "layers": ("num_hidden_layers", "n_layers"),
    "heads": ("num_attention_heads", "n_heads"),
    "intermediate_size": ("intermediate_size", "hidden_dim"),
    "activation": ("hidden_act", "activation"),
    "norm_epsilon": ("layer_norm_eps",),
    "hidden_dropout": ("hidden_dropout_prob", "dropout"),
    "attention_dropout": ("attention_probs_dropout_prob", "attention_dropout"),
    "initializer_range": ("initializer_range",),
    "vocabulary": ("vocab_size",),
    "pad_id": ("pad_token_id",),
}
_DEFAULTS = {"norm_epsilon": 1e-12, "initializer_range": 0.02, "pad_id": 0, "activation": "gelu"}


def read(model: Path) -> Architecture:
    """The architecture of the model in a directory.

    Raises:
        BadInput: no config.json, an unknown family, a missing key, or a position embedding that is
            not a table.
    """
    path = model / "config.json"
    if not path.is_file():
        raise BadInput(f"model: {model} has no config.json; name a model directory or a hub id")
    config: dict[str, Any] = json.loads(path.read_text())
    family = config.get("model_type")
    if family not in FAMILIES:
        known = ", ".join(FAMILIES)
        raise BadInput(f"model: {path} has model_type {family!r}; known types: {known}")
    if config.get("position_embedding_type", "absolute") != "absolute":
        raise BadInput(f"model: {path} has relative positions; use a model with absolute ones")
    values: dict[str, Any] = {}
    for name, keys in _KEYS.items():
        present = [config[key] for key in keys if key in config]
        if not present and name not in _DEFAULTS:
            raise BadInput(f"model: {path} lacks {keys[0]}")
        values[name] = present[0] if present else _DEFAULTS[name]
    if values["activation"] not in ("gelu", "relu"):
        raise BadInput(f"model: {path} has activation {values['activation']!r}; known: gelu, relu")
    offset = values["pad_id"] + 1 if family == "roberta" else 0
    return Architecture(
        family=family,
        positions=int(config["max_position_embeddings"]) - offset,
        position_offset=offset,
        **values,
    )
