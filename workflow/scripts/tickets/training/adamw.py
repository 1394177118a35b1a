"""Clipping and AdamW on a flat vector, by torch's own fused kernel.

`torch.optim.AdamW` is avoided: constructing it imports `torch._dynamo`, which takes as long as
importing torch. In a study of short trainings that is much of the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor
from torch.optim.adamw import adamw

BETAS = (0.9, 0.999)
_CHUNK = 2**16  # squares added up at a time on a CPU: longer sums lose digits in float32


class AdamW:
    """AdamW (Loshchilov and Hutter 2019); gradients are clipped by their norm.

    A weight whose gradient has always been zero has zero moments and does not move, unless it is
    among the views `decayed` of the values: these shrink by rate * `weight_decay` before each step.
    """

    def __init__(
        self,
        values: Tensor,
        grads: Tensor,
        *,
        epsilon: float,
        clip_norm: float,
        weight_decay: float = 0.0,
        decayed: Sequence[Tensor] = (),
    ) -> None:
        self.mean = torch.zeros_like(values)
        self.square = torch.zeros_like(values)
        self.steps = torch.zeros((), device=values.device)
        self._values, self._grads = values, grads
        self._epsilon, self._clip_norm = epsilon, clip_norm
        self._weight_decay, self._decayed = weight_decay, decayed
        self._chunks = [grads] if grads.device.type == "cuda" else list(grads.split(_CHUNK))

    def step(self, rate: float | Tensor) -> None:
        """Clip the gradients and update the values at the learning rate `rate`."""
        with torch.no_grad():
            for weights in self._decayed:
                weights.mul_(1 - rate * self._weight_decay)
            adamw(
                [self._values],
                [self._grads],
                [self.mean],
                [self.square],
                [],
                [self.steps],
                fused=True,
                amsgrad=False,
                beta1=BETAS[0],
                beta2=BETAS[1],
                lr=cast(Any, rate),
                weight_decay=0.0,  # would be for all values
                eps=self._epsilon,
                maximize=False,
                grad_scale=self._divisor(),
            )

    def _divisor(self) -> Tensor:
        """The divisor that clips the gradients, as in `torch.nn.utils.clip_grad_norm_`.

        The kernel divides as it reads them, so clipping needs no extra pass over memory.
        """
        norm = torch.nn.utils.get_total_norm(self._chunks)
        return ((norm + 1e-6) / self._clip_norm).clamp(min=1.0)
