"""A network's tensors on one device: one flat vector for the values, one for their gradients.

The optimizer, the norm and the mask then work on whole vectors. A layer's query, key and value
matrices lie side by side, so that one product computes all three. Weights are not part of
autograd's graph: the functions in `layers.py` write each gradient where the optimizer reads it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tickets.architecture import Architecture
from tickets.errors import BadInput
from tickets.masks import Mask

Arrays = Mapping[str, NDArray[Any]]
TABLES = tuple(
    f"embeddings.{kind}_embeddings.weight" for kind in ("word", "position", "token_type")
)
Name = str | tuple[str, ...]  # several names: tensors that lie side by side, viewed as one


class Parameters:
    """Named float32 tensors as views of one flat vector.

    values: the weights [P], float32. grads: their gradients [P], float32, zero at first.
    computed: the operands of products [P]: `values` itself, or its copy in bfloat16.

    Two observers are None unless someone sets them. at_input: called before each product of
    `linear` with the names of its matrices and its input [n, in] of all slots, filled or not.
    after_backward: called once a backward pass has written all gradients. They must change nothing.
    A replayed CUDA graph calls neither: a training with an observer uses no graphs.
    """

    at_input: Callable[[tuple[str, ...], Tensor], None] | None = None
    after_backward: Callable[[], None] | None = None

    def __init__(
        self,
        arrays: Arrays,
        architecture: Architecture,
        device: torch.device,
        *,
        dtype: torch.dtype = torch.float32,
        mask: Mask | None = None,
    ) -> None:
        self.shapes = {name: arrays[name].shape for name in _ordered(arrays, architecture)}
        sizes = [math.prod(shape) for shape in self.shapes.values()]
        begins = np.cumsum([0, *sizes])
        self._begins = dict(zip(self.shapes, begins.tolist(), strict=False))
        flat = np.empty(begins[-1], dtype=np.float32)
        for name, begin, size in zip(self.shapes, begins, sizes, strict=False):
            flat[begin : begin + size] = arrays[name].ravel()
        self.values = torch.from_numpy(flat).to(device)
        self.grads = torch.zeros_like(self.values)
        self.computed = self.values if dtype == torch.float32 else self.values.to(dtype)
        self._kept = self._flat_mask(mask) if mask is not None and mask.pruned else None
        self._tables = [name for name in self.shapes if name in TABLES]
        self._views: dict[tuple[int, Name], Tensor] = {}

    def __contains__(self, name: str) -> bool:
        return name in self.shapes

    @property
    def is_observed(self) -> bool:
        """Whether an observer is set."""
        return self.at_input is not None or self.after_backward is not None

    @property
    def device(self) -> torch.device:
        """The device of all tensors."""
        return self.values.device

    def value_of(self, name: Name) -> Tensor:
        """The float32 weights called `name`."""
        return self._view(self.values, name)

    def computed_of(self, name: Name) -> Tensor:
        """The same weights in the type of products."""
        return self._view(self.computed, name)

    def grad_of(self, name: Name) -> Tensor:
        """The gradient of these weights, a view to be written."""
        return self._view(self.grads, name)

    def kept_of(self, name: Name) -> Tensor | None:
        """1 where a weight is kept, 0 where it is pruned; None if none of them is prunable."""
        first = name if isinstance(name, str) else name[0]
        if self._kept is None or self._begins[first] >= self._kept.numel():
            return None
        return self._view(self._kept, name)

    def matrices(self) -> list[Tensor]:
        """The values of all matrices, tables included: views without biases and norms."""
        return [self.value_of(name) for name, shape in self.shapes.items() if len(shape) > 1]

    def clear(self) -> None:
        """Set the gradients of tables to zero: they are added up, all others overwritten."""
        for name in self._tables:
            self.grad_of(name).zero_()

    def refresh(self) -> None:
        """Update the copy used in products after the values have changed."""
        if self.computed is not self.values:
            self.computed.copy_(self.values)

    def arrays(self) -> dict[str, NDArray[np.float32]]:
        """The values by name."""
        flat = self.values.cpu().numpy()
        return {
            name: flat[begin : begin + math.prod(self.shapes[name])].reshape(self.shapes[name])
            for name, begin in self._begins.items()
        }

    def _flat_mask(self, mask: Mask) -> Tensor:
        """The mask of the prunable matrices, which come first in the flat vector."""
        matrices = list(self.shapes)[: len(mask.kept)]
        if set(matrices) != set(mask.kept):
            raise BadInput("training: the mask is for another model; use a mask found on this one")
        # On a GPU booleans are a quarter of the bytes; a CPU multiplies equal types faster.
        kind = np.float32 if self.device.type == "cpu" else np.bool_
        kept = np.concatenate([mask.kept[name].ravel() for name in matrices], dtype=kind)
        return torch.from_numpy(kept).to(self.device)

    def _view(self, flat: Tensor, name: Name) -> Tensor:
        key = id(flat), name
        if key not in self._views:
            self._views[key] = self._cut(flat, (name,) if isinstance(name, str) else name)
        return self._views[key]

    def _cut(self, flat: Tensor, names: tuple[str, ...]) -> Tensor:
        end = begin = self._begins[names[0]]
        for name in names:
            if self._begins[name] != end:
                raise ValueError(f"{names} do not lie side by side")
            end += math.prod(self.shapes[name])
        rows = sum(self.shapes[name][0] for name in names)
        return flat[begin:end].view(rows, *self.shapes[names[0]][1:])


def _ordered(arrays: Arrays, architecture: Architecture) -> Sequence[str]:
    """All names in order: first the prunable set (each layer's matrices, query, key and value
    before the others; the pooler's matrix), then the rest.
    """
    layers = [
        [f"{architecture.names.layer.format(layer)}.{part}" for part in _parts(architecture)]
        for layer in range(architecture.layers)
    ]
    matrices = [f"{name}.weight" for names in layers for name in names]
    biases = [f"{name}.bias" for names in layers for name in names]
    first = [*matrices, *(name for name in ("pooler.dense.weight",) if name in arrays), *biases]
    # safetensors returns tensors in an order that differs from process to process.
    return [*first, *sorted(arrays.keys() - set(first))]


def _parts(architecture: Architecture) -> Sequence[str]:
    names = architecture.names
    attention = (names.query, names.key, names.value, names.attention_output)
    return (*attention, names.intermediate, names.output)
