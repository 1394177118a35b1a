"""Clipping and AdamW on a flat vector, as torch's own fused kernel.

Not through `torch.optim.AdamW`: constructing it imports `torch._dynamo`, which takes as long as
torch itself; in a study of short trainings that is a good part of the time.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor
from torch.optim.adamw import adamw

BETAS = (0.9, 0.999)
_CHUNK = 2**16  # squares summed at a time on a CPU: float32 loses digits in longer sums


class AdamW:
    """AdamW at weight decay 0 (Loshchilov and Hutter 2019), gradients clipped by their norm.

    A weight whose gradient has always been zero has zero moments, and does not move.
    """

    def __init__(self, values: Tensor, grads: Tensor, *, epsilon: float, clip_norm: float) -> None:
        self.mean = torch.zeros_like(values)
        self.square = torch.zeros_like(values)
        self.steps = torch.zeros((), device=values.device)
        self._values, self._grads = values, grads
        self._epsilon, self._clip_norm = epsilon, clip_norm
        self._chunks = [grads] if grads.device.type == "cuda" else list(grads.split(_CHUNK))

    def step(self, rate: float | Tensor) -> None:
        """Clip the gradients and move the values, at the learning rate `rate`."""
        with torch.no_grad():
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
                weight_decay=0.0,
                eps=self._epsilon,
                maximize=False,
                grad_scale=self._divisor(),
            )

    def _divisor(self) -> Tensor:
        """What the gradients are divided by, as in `torch.nn.utils.clip_grad_norm_`.

        The kernel divides while it reads them: clipping costs no pass over memory of its own.
        """
        norm = torch.nn.utils.get_total_norm(self._chunks)
        return ((norm + 1e-6) / self._clip_norm).clamp(min=1.0)
