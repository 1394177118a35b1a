"""One step of a training: forward, backward, clipping and AdamW, without waiting for the device."""

from __future__ import annotations

import torch
from torch import Tensor

from tickets.model.dropout import Dropout, Rates
from tickets.model.network import Batch, Network
from tickets.training.adamw import AdamW
from tickets.training.graphs import Graphs


class Stepper:
    """Updates the weights of `network`, one batch at a time, by an AdamW with `weight_decay`.

    `graphs`: on a GPU, record a step of each shape once and then replay it; launching its many
    small kernels one by one would take longer than running them.
    """

    def __init__(
        self,
        network: Network,
        optimizer: AdamW,
        rates: Rates,
        *,
        weight_decay: float = 0.0,
        graphs: bool = True,
    ) -> None:
        self.network, self._optimizer, self._rates = network, optimizer, rates
        self._weight_decay = weight_decay
        device = network.parameters.device
        graphs = graphs and device.type == "cuda" and not network.parameters.is_observed
        self._graphs = Graphs(self._step) if graphs else None
        self._rate = torch.zeros((), device=device) if device.type == "cuda" else None

    def __call__(self, batch: Batch, *, rate: float, seed: int) -> Tensor:
        """Take a step; returns the loss before it, still on the device. `seed` draws dropout."""
        if self._rate is None:
            return self._step(batch, rate, seed)
        torch.cuda.manual_seed(seed)
        self._rate.fill_(rate)
        if self._graphs is None:
            return self._step(batch, self._rate, seed)
        return self._graphs(batch, self._rate, seed)

    def _step(self, batch: Batch, rate: float | Tensor, seed: int) -> Tensor:
        parameters = self.network.parameters
        parameters.clear()
        loss = self.network.loss(batch, Dropout(self._rates, seed, parameters.device))
        self.network.backward(loss)
        self._optimizer.step(rate, self._weight_decay)
        parameters.refresh()
        return loss.detach()
