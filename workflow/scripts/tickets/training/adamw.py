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

    A weight whose gradient has always been zero has zero moments, and without decay does not move.
    `decayed`: the views of the values that decay, if a step has a decay.
    """

    def __init__(
        self,
        values: Tensor,
        grads: Tensor,
        *,
        epsilon: float,
        clip_norm: float,
        decayed: Sequence[Tensor] = (),
    ) -> None:
        self.mean = torch.zeros_like(values)
        self.square = torch.zeros_like(values)
        self.steps = torch.zeros((), device=values.device)
        self._values, self._grads = values, grads
        self._epsilon, self._clip_norm = epsilon, clip_norm
        self._decayed = decayed
        self._chunks = [grads] if grads.device.type == "cuda" else list(grads.split(_CHUNK))

    def step(self, rate: float | Tensor, weight_decay: float = 0.0) -> None:
        """Clip the gradients and update the values at the learning rate `rate`.

        Before that those that decay shrink by rate * `weight_decay` of themselves.
        """
        with torch.no_grad():
            for weights in self._decayed if weight_decay else ():
                weights.mul_(1 - rate * weight_decay)
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
