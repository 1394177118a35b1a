"""f(x; theta, gamma): the encoder and its heads as functions of named tensors.

Sequences are not padded: a batch's real tokens stand in one row of T, and only attention, a few
per cent of the work, sees a rectangle. Shapes: T tokens in a batch, B sequences, L the longest of
them, H hidden width, E embedding width, V word pieces.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from tickets.architecture import Architecture

Parameters = Mapping[str, Tensor]


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Where the tokens of a batch come from.

    `tokens`, `types`, `positions` are [T]; `slots` [T] is each token's place in the B x L
    rectangle; `firsts` [B] each sequence's first token; `visible` [B, 1, 1, L] where the rectangle
    holds a token, None where it is full.
    """

    tokens: Tensor
    types: Tensor
    positions: Tensor
    slots: Tensor
    firsts: Tensor
    visible: Tensor | None
    size: int
    longest: int


@dataclass(frozen=True, kw_only=True)
class Dropout:
    """The rates at which hidden units and attention weights are dropped."""

    hidden: float
    attention: float


NO_DROPOUT = Dropout(hidden=0.0, attention=0.0)


def encode(theta: Parameters, architecture: Architecture, rows: Rows, dropout: Dropout) -> Tensor:
    """Hidden states [T, H] of the last layer."""
    x = _embed(theta, architecture, rows, dropout)
    for layer in range(architecture.layers):
        x = _layer(theta, architecture, architecture.names.layer.format(layer), x, rows, dropout)
    return x


def pooled(theta: Parameters, gamma: Parameters, hidden: Tensor, rows: Rows) -> Tensor:
    """The first token of every sequence through the pooler, theta's or else the head's: [B, H]."""
    first = hidden.index_select(0, rows.firsts)
    if "pooler.dense.weight" in theta:
        return torch.tanh(F.linear(first, theta["pooler.dense.weight"], theta["pooler.dense.bias"]))
    return torch.tanh(F.linear(first, gamma["pooler.weight"], gamma["pooler.bias"]))


def outputs(gamma: Parameters, features: Tensor, dropout: Dropout) -> Tensor:
    """The linear output layer of a classification, regression or span head."""
    dropped = F.dropout(features, dropout.hidden, training=dropout.hidden > 0)
    return F.linear(dropped, gamma["output.weight"], gamma["output.bias"])


def word_scores(
    theta: Parameters, gamma: Parameters, architecture: Architecture, hidden: Tensor
) -> Tensor:
    """Scores of all word pieces [n, V] at n positions of `hidden`; tied to the embeddings."""
    x = F.gelu(F.linear(hidden, gamma["dense.weight"], gamma["dense.bias"]))
    x = F.layer_norm(
        x, x.shape[-1:], gamma["norm.weight"], gamma["norm.bias"], architecture.norm_epsilon
    )
    return F.linear(x, theta["embeddings.word_embeddings.weight"], gamma["bias"])


def _embed(theta: Parameters, architecture: Architecture, rows: Rows, dropout: Dropout) -> Tensor:
    x = F.embedding(rows.tokens, theta["embeddings.word_embeddings.weight"])
    x = x + F.embedding(
        rows.positions + architecture.position_offset,
        theta["embeddings.position_embeddings.weight"],
    )
    if "embeddings.token_type_embeddings.weight" in theta:
        x = x + F.embedding(rows.types, theta["embeddings.token_type_embeddings.weight"])
    x = _norm(theta, architecture, "embeddings.LayerNorm", x)
    x = F.dropout(x, dropout.hidden, training=dropout.hidden > 0)
    if "embeddings_project.weight" in theta:
        x = _linear(theta, "embeddings_project", x)
    return x


def _layer(
    theta: Parameters,
    architecture: Architecture,
    at: str,
    x: Tensor,
    rows: Rows,
    dropout: Dropout,
) -> Tensor:
    names = architecture.names
    query, key, value = (
        _rectangle(_linear(theta, f"{at}.{part}", x), rows, architecture.heads)
        for part in (names.query, names.key, names.value)
    )
    attended = F.scaled_dot_product_attention(
        query, key, value, attn_mask=rows.visible, dropout_p=dropout.attention
    )
    flat = attended.transpose(1, 2).reshape(rows.size * rows.longest, -1)
    attended = _linear(theta, f"{at}.{names.attention_output}", flat.index_select(0, rows.slots))
    if architecture.family != "distilbert":
        attended = F.dropout(attended, dropout.hidden, training=dropout.hidden > 0)
    x = _norm(theta, architecture, f"{at}.{names.attention_norm}", x + attended)
    inner = _linear(theta, f"{at}.{names.intermediate}", x)
    inner = F.gelu(inner) if architecture.activation == "gelu" else F.relu(inner)
    out = _linear(theta, f"{at}.{names.output}", inner)
    out = F.dropout(out, dropout.hidden, training=dropout.hidden > 0)
    return _norm(theta, architecture, f"{at}.{names.output_norm}", x + out)


def _rectangle(x: Tensor, rows: Rows, heads: int) -> Tensor:
    """[T, H] -> [B, heads, L, H / heads], zeros where there is no token."""
    full = x.new_zeros(rows.size * rows.longest, x.shape[1]).index_copy(0, rows.slots, x)
    return full.view(rows.size, rows.longest, heads, -1).transpose(1, 2)


def _linear(theta: Parameters, name: str, x: Tensor) -> Tensor:
    return F.linear(x, theta[f"{name}.weight"], theta[f"{name}.bias"])


def _norm(theta: Parameters, architecture: Architecture, name: str, x: Tensor) -> Tensor:
    return F.layer_norm(
        x, x.shape[-1:], theta[f"{name}.weight"], theta[f"{name}.bias"], architecture.norm_epsilon
    )
