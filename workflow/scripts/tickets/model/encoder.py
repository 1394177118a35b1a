"""f(x; theta, gamma): the encoder and its heads as functions of named parameters.

Rows hold several sequences end to end, see `batches.py`; a token attends to its own sequence.
Shapes: R rows of W slots, n = R * W, H hidden width, E embedding width, B sequences, V word pieces.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from tickets.architecture import HEAD, Architecture
from tickets.model.attention import attend, visibility
from tickets.model.dropout import Dropout
from tickets.model.layers import embedding, linear, norm, scores
from tickets.model.parameters import TABLES, Parameters

WORDS, POSITIONS, TYPES = TABLES
POOLER = "pooler.dense"


@dataclass(frozen=True, kw_only=True)
class Rows:
    """A batch on the device.

    `tokens`, `types`, `positions` are [n]; `sequence` [R, W] numbers the sequence that fills each
    slot, and is -1 in a slot without a token.
    """

    tokens: Tensor
    types: Tensor
    positions: Tensor
    sequence: Tensor


def encode(
    parameters: Parameters,
    architecture: Architecture,
    rows: Rows,
    needed: Tensor | None,
    dropout: Dropout,
) -> Tensor:
    """The last hidden states of the slots `needed`, [needed, H]; None: of all slots, [n, H]."""
    visible = visibility(rows.sequence, parameters.computed.dtype)
    x = _embed(parameters, architecture, rows, dropout)
    for layer in range(architecture.layers):
        prefix = architecture.names.layer.format(layer)
        # The head reads only some outputs of the last layer: compute no others.
        slots = needed if layer == architecture.layers - 1 else None
        x = _layer(parameters, architecture, prefix, x, visible, slots, dropout)
    return x


def pool(parameters: Parameters, first: Tensor) -> Tensor:
    """The pooler's output [B, H] for first tokens [B, H]; the pooler is theta's or the head's."""
    name = POOLER if f"{POOLER}.weight" in parameters else f"{HEAD}pooler"
    return torch.tanh(linear(parameters, name, first))


def outputs(parameters: Parameters, features: Tensor, dropout: Dropout) -> Tensor:
    """The linear output layer of a classification, regression or span head, a float32 product.

    In bfloat16 outputs that differ by less than one part in 256 would be equal.
    """
    return linear(parameters, f"{HEAD}output", dropout.hidden(features.float()))


def word_scores(parameters: Parameters, architecture: Architecture, hidden: Tensor) -> Tensor:
    """Scores of all word pieces [n, V] at hidden states [n, H], in float32; tied to embeddings."""
    x = F.gelu(linear(parameters, f"{HEAD}dense", hidden))
    x = norm(parameters, f"{HEAD}norm", x, architecture.norm_epsilon)
    return scores(parameters, WORDS, f"{HEAD}bias", x)


def _embed(
    parameters: Parameters, architecture: Architecture, rows: Rows, dropout: Dropout
) -> Tensor:
    x = embedding(parameters, WORDS, rows.tokens)
    x = x + embedding(parameters, POSITIONS, rows.positions + architecture.position_offset)
    if TYPES in parameters:
        x = x + embedding(parameters, TYPES, rows.types)
    x = dropout.hidden(norm(parameters, "embeddings.LayerNorm", x, architecture.norm_epsilon))
    if "embeddings_project.weight" in parameters:
        x = linear(parameters, "embeddings_project", x)
    return x


def _layer(
    parameters: Parameters,
    architecture: Architecture,
    prefix: str,
    x: Tensor,
    visible: Tensor,
    needed: Tensor | None,
    dropout: Dropout,
) -> Tensor:
    names, epsilon = architecture.names, architecture.norm_epsilon
    parts = tuple(f"{prefix}.{part}" for part in (names.query, names.key, names.value))
    attended = attend(linear(parameters, parts, x), visible, architecture.heads, dropout)
    if needed is not None:
        x, attended = x.index_select(0, needed), attended.index_select(0, needed)
    attended = linear(parameters, f"{prefix}.{names.attention_output}", attended)
    # DistilBERT has no dropout here.
    x = x + attended if architecture.family == "distilbert" else dropout.add(x, attended)
    x = norm(parameters, f"{prefix}.{names.attention_norm}", x, epsilon)
    inner = linear(parameters, f"{prefix}.{names.intermediate}", x)
    inner = F.gelu(inner) if architecture.activation == "gelu" else F.relu(inner)
    x = dropout.add(x, linear(parameters, f"{prefix}.{names.output}", inner))
    return norm(parameters, f"{prefix}.{names.output_norm}", x, epsilon)
