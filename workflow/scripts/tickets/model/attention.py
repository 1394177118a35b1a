"""Attention between the tokens of a sequence, in rows that hold several sequences.

Legend: R rows of W slots, n = R * W, h heads of d units, H = h * d.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.nn import functional as F

from tickets.model.dropout import Dropout


def visibility(sequence: Tensor, dtype: torch.dtype) -> Tensor:
    """0 where a slot sees another, -inf elsewhere [R, 1, W, W]: a slot sees its own sequence.

    sequence: the number of each slot's sequence [R, W]. dtype: the result's; on a CPU the result
    is always float32, the type in which `_DroppedAttention` computes.
    """
    same = sequence[:, None, :, None] == sequence[:, None, None, :]
    dtype = torch.float32 if sequence.device.type == "cpu" else dtype
    hidden = torch.full((), -torch.inf, dtype=dtype, device=sequence.device)
    return torch.where(same, torch.zeros_like(hidden), hidden)


def attend(together: Tensor, visible: Tensor, heads: int, dropout: Dropout) -> Tensor:
    """Attention: for each slot the weighted sum of the values that it sees, [n, H].

    together: queries, keys and values side by side [n, 3 H]. visible: from `visibility`.
    """
    if together.device.type == "cpu" and dropout.rates.attention:
        return _DroppedAttention.apply(together, visible, heads, dropout)
    rows, width = visible.shape[0], visible.shape[2]
    query, key, value = _split(together, rows, width, heads).unbind(0)
    attended = F.scaled_dot_product_attention(
        query,
        key,
        value,
        attn_mask=visible.to(together.dtype),
        dropout_p=dropout.rates.attention,
    )
    return attended.transpose(1, 2).reshape(rows * width, -1)


class _DroppedAttention(Function):
    """Attention with dropout on a CPU, for which torch has no fused kernel: in float32, as small
    products in bfloat16 are slow, and with few passes over the attention weights [R, h, W, W].
    """

    @staticmethod
    def forward(
        ctx: Any, together: Tensor, visible: Tensor, heads: int, dropout: Dropout
    ) -> Tensor:
        rows, width = visible.shape[0], visible.shape[2]
        split = _split(together, rows, width, heads)
        queries = split.new_empty(split.shape, dtype=torch.float32).copy_(split)
        query, key, value = queries
        scores = query @ key.transpose(2, 3)
        torch.add(visible, scores, alpha=query.shape[-1] ** -0.5, out=scores)
        weights = scores.softmax(dim=-1)
        dropped = dropout.attention(weights)
        attended = dropped @ value
        ctx.save_for_backward(queries, weights, dropped, attended)
        output = together.new_empty(rows, width, heads, query.shape[-1])
        return output.copy_(attended.transpose(1, 2)).view(rows * width, -1)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        queries, weights, dropped, attended = ctx.saved_tensors
        query, key, value = queries
        rows, heads, width, size = query.shape
        outer = gradients[0].view(rows, width, heads, size).transpose(1, 2)
        dy = torch.empty_like(attended).copy_(outer)
        # Dropout and softmax at once: the row sums in softmax's gradient are dy * attended's.
        dscores = dy @ value.transpose(2, 3)
        dscores.mul_(dropped).addcmul_(
            weights, (dy * attended).sum(dim=-1, keepdim=True), value=-1.0
        )
        scale = size**-0.5
        parts = ((dscores @ key).mul_(scale), (dscores.transpose(2, 3) @ query).mul_(scale))
        dtogether = gradients[0].new_empty(rows, width, 3, heads, size)
        for index, part in enumerate((*parts, dropped.transpose(2, 3) @ dy)):
            dtogether[:, :, index].copy_(part.transpose(1, 2))
        return dtogether.view(rows * width, -1), None, None, None


def _split(together: Tensor, rows: int, width: int, heads: int) -> Tensor:
    """Queries, keys and values, [3, R, h, W, d]."""
    return together.view(rows, width, 3, heads, -1).permute(2, 0, 3, 1, 4)
