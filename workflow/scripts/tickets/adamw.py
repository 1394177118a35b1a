"""AdamW as torch's own fused kernel, without `torch.optim.AdamW` around it.

Constructing that class imports `torch._dynamo`, which takes as long as torch itself; in a study of
short trainings that is a good part of the time.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.optim.adamw import adamw

BETAS = (0.9, 0.999)


class AdamW:
    """AdamW at weight decay 0 (Loshchilov and Hutter 2019) with one learning rate for all.

    Parameters that have no gradient in the first step never get one: they have no state.
    """

    def __init__(self, parameters: Sequence[Tensor], epsilon: float) -> None:
        self._parameters = parameters
        self._epsilon = epsilon
        self._used: list[Tensor] = []

    def step(self, rate: float) -> None:
        """Move every parameter that has a gradient, at the learning rate `rate`."""
        if not self._used:
            self._used = [p for p in self._parameters if p.grad is not None]
            self._means = [torch.zeros_like(p) for p in self._used]
            self._squares = [torch.zeros_like(p) for p in self._used]
            self._steps = [torch.zeros((), device=p.device) for p in self._used]
        with torch.no_grad():
            adamw(
                self._used,
                [p.grad for p in self._used if p.grad is not None],
                self._means,
                self._squares,
                [],
                self._steps,
                fused=True,
                amsgrad=False,
                beta1=BETAS[0],
                beta2=BETAS[1],
                lr=rate,
                weight_decay=0.0,
                eps=self._epsilon,
                maximize=False,
            )

    def clear(self) -> None:
        """Forget the gradients."""
        for parameter in self._parameters:
            parameter.grad = None
