"""The encoder's building blocks with weights: products, norms, embeddings.

Their weights are not part of autograd's graph. The backward pass writes a weight's gradient
straight into `Parameters.grads`, in float32, and zero for pruned weights. It allocates, adds and
copies nothing, and applies the mask while a gradient is in the processor's cache. Gradients are
overwritten in each pass; only those of embedding tables are added up, from zero.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from tickets.model.parameters import Name, Parameters

SHORT_TABLE = 1024  # rows at most: positions and token types, but not word pieces


def linear(parameters: Parameters, name: Name, x: Tensor) -> Tensor:
    """`x` [n, in] times the weights called `name`, plus their bias: [n, out], in the type of `x`.

    Several names stand for matrices that are stored side by side; so are their outputs.
    """
    names = (name,) if isinstance(name, str) else name
    weight, bias = (tuple(f"{part}.{kind}" for part in names) for kind in ("weight", "bias"))
    if parameters.at_input is not None:
        parameters.at_input(weight, x)
    return _Product.apply(x, parameters, weight, bias)


def scores(parameters: Parameters, table: str, bias: str, x: Tensor) -> Tensor:
    """The product of `x` [n, E] with every row of an embedding table, plus a bias: [n, V], float32.

    On a CPU it is a product in float32. On a GPU its operands keep the type of `x`: tensor cores
    sum in float32, and a float32 product with 30,522 words would take a third of a step.
    """
    x = x if x.device.type == "cuda" else x.float()
    return _Product.apply(x, parameters, table, bias, True)


def norm(parameters: Parameters, name: str, x: Tensor, epsilon: float) -> Tensor:
    """LayerNorm over the last axis."""
    return _Norm.apply(x, parameters, name, epsilon)


def embedding(parameters: Parameters, table: str, index: Tensor) -> Tensor:
    """The rows `index` [n] of a table: [n, E], in the type of products."""
    # Autograd follows tensors only: this one makes it call the table's backward pass.
    anchor = torch.empty(0, device=index.device, requires_grad=True)
    return _Embedding.apply(anchor, parameters, table, index)


def add_rows(table: Tensor, index: Tensor, rows: Tensor) -> None:
    """Add `rows` [n, E] to the rows `index` [n] of `table` [V, E], float32, in a fixed order.

    On a GPU a deterministic `index_add_` is too slow: it adds the rows of an index one by one, and
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
    """The product of two matrices of any type, in float32; written to `out` if it is given."""
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
        matrix = _operand(parameters, weight, x.dtype).t()
        if shared:
            return multiply(x, matrix).add_(parameters.value_of(bias))
        return torch.addmm(_operand(parameters, bias, x.dtype), x, matrix)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        parameters, weight, bias, shared = ctx.state
        (x,), (dy,) = ctx.saved_tensors, gradients
        torch.sum(dy, 0, dtype=torch.float32, out=parameters.grad_of(bias))
        dy = dy.to(x.dtype)
        dweight = parameters.grad_of(weight)
        if shared:
            dweight.add_(multiply(dy.t(), x))
        else:
            multiply(dy.t(), x, out=dweight)
        if (kept := parameters.kept_of(weight)) is not None:
            dweight.mul_(kept)
        return dy @ _operand(parameters, weight, x.dtype), None, None, None, None


class _Norm(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, parameters: Parameters, name: str, epsilon: float) -> Tensor:
        weight, bias = (_norm_values(parameters, f"{name}.{kind}") for kind in ("weight", "bias"))
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


def _operand(parameters: Parameters, name: Name, dtype: torch.dtype) -> Tensor:
    """Weights as an operand beside one of type `dtype`."""
    is_exact = dtype == torch.float32
    return parameters.value_of(name) if is_exact else parameters.computed_of(name)


def _norm_values(parameters: Parameters, name: str) -> Tensor:
    """A norm's weights: on a CPU in float32, as only then a norm of bfloat16 sums in float32."""
    on_cpu = parameters.device.type == "cpu"
    return parameters.value_of(name) if on_cpu else parameters.computed_of(name)
