"""The encoder's building blocks with weights: products, norms, embeddings.

Their weights are no part of autograd's graph. The backward pass writes a weight's gradient straight
into `Parameters.grads`, in float32, those of pruned weights zero: nothing is allocated, added up or
copied for it, and the mask meets each gradient while it is in the processor's cache. A weight that
is used once a pass has its gradient overwritten; only tables of embeddings add up, from zero.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from tickets.model.parameters import Name, Parameters

SHORT_TABLE = 1024  # rows: of positions and token types, not of word pieces


def linear(parameters: Parameters, name: Name, x: Tensor) -> Tensor:
    """`x` [n, in] times the weights of that name, plus their bias: [n, out].

    Several names are matrices side by side: their outputs are too.
    """
    names = (name,) if isinstance(name, str) else name
    if parameters.at_input is not None:
        parameters.at_input(tuple(f"{each}.weight" for each in names), x)
    weight, bias = (tuple(f"{each}.{kind}" for each in names) for kind in ("weight", "bias"))
    return _Product.apply(x, parameters, weight, bias)


def scores(parameters: Parameters, table: str, bias: str, x: Tensor) -> Tensor:
    """`x` [n, E] against every row of a table of embeddings, plus a bias for each: [n, V]."""
    return _Product.apply(x, parameters, table, bias, True)


def norm(parameters: Parameters, name: str, x: Tensor, epsilon: float) -> Tensor:
    """LayerNorm over the last axis."""
    return _Norm.apply(x, parameters, name, epsilon)


def embedding(parameters: Parameters, table: str, index: Tensor) -> Tensor:
    """The rows `index` [n] of a table: [n, E], in the type that products are taken in."""
    # Autograd follows tensors alone: this one leads it back to the table.
    anchor = torch.empty(0, device=index.device, requires_grad=True)
    return _Embedding.apply(anchor, parameters, table, index)


def add_rows(table: Tensor, index: Tensor, rows: Tensor) -> None:
    """Add `rows` [n, E] to the rows `index` [n] of `table` [V, E], float32, in a fixed order.

    On a GPU `index_add_` in a fixed order adds the rows of one index one after the other, though
    the same few words, positions and types occur thousands of times.
    """
    if table.device.type == "cpu":
        table.index_add_(0, index, rows.float())
    elif len(table) <= SHORT_TABLE:
        one_hot = index == torch.arange(len(table), device=index.device)[:, None]
        table.add_(multiply(one_hot.to(rows.dtype), rows))
    else:
        table.add_(
            torch.ops.aten.embedding_dense_backward(rows.float(), index, len(table), -1, False)
        )


def multiply(left: Tensor, right: Tensor, out: Tensor | None = None) -> Tensor:
    """The product of two matrices in float32, whatever their type; written to `out` if given."""
    if left.dtype == torch.float32:
        return torch.mm(left, right, out=out)
    if left.device.type == "cuda":
        return torch.mm(left, right, out_dtype=torch.float32, out=out)
    product = left @ right
    return product.float() if out is None else out.copy_(product)


class _Product(Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, parameters: Parameters, weight: Name, bias: Name, shared: bool = False
    ) -> Tensor:
        ctx.save_for_backward(x)
        ctx.state = parameters, weight, bias, shared
        return torch.addmm(parameters.computed_of(bias), x, parameters.computed_of(weight).t())

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        parameters, weight, bias, shared = ctx.state
        (x,), (dy,) = ctx.saved_tensors, gradients
        found = parameters.grad_of(weight)
        if shared:
            found.add_(multiply(dy.t(), x))
        else:
            multiply(dy.t(), x, out=found)
        if (kept := parameters.kept_of(weight)) is not None:
            found.mul_(kept)
        torch.sum(dy, 0, dtype=torch.float32, out=parameters.grad_of(bias))
        return dy @ parameters.computed_of(weight), None, None, None, None


class _Norm(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, parameters: Parameters, name: str, epsilon: float) -> Tensor:
        weight, bias = (_of_norm(parameters, f"{name}.{kind}") for kind in ("weight", "bias"))
        y, mean, rstd = torch.native_layer_norm(x, x.shape[-1:], weight, bias, epsilon)
        ctx.save_for_backward(x, mean, rstd)
        ctx.state = parameters, name, weight, bias
        return y

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        x, mean, rstd = ctx.saved_tensors
        parameters, name, weight, bias = ctx.state
        dx, dweight, dbias = torch.ops.aten.native_layer_norm_backward(
            gradients[0], x, x.shape[-1:], mean, rstd, weight, bias, [True, True, True]
        )
        parameters.grad_of(f"{name}.weight").copy_(dweight)
        parameters.grad_of(f"{name}.bias").copy_(dbias)
        return dx, None, None, None


class _Embedding(Function):
    @staticmethod
    def forward(
        ctx: Any,
        anchor: Tensor,  # noqa: ARG004 - see `embedding`
        parameters: Parameters,
        table: str,
        index: Tensor,
    ) -> Tensor:
        ctx.save_for_backward(index)
        ctx.state = parameters, table
        return parameters.computed_of(table).index_select(0, index)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        parameters, table = ctx.state
        (index,) = ctx.saved_tensors
        add_rows(parameters.grad_of(table), index, gradients[0])
        return None, None, None, None


def _of_norm(parameters: Parameters, name: str) -> Tensor:
    """On a CPU a norm of bfloat16 takes float32 weights, and sums in float32 only then."""
    on_cpu = parameters.device.type == "cpu"
    return parameters.value_of(name) if on_cpu else parameters.computed_of(name)
