"""Networks on the line between two trainings' ends (Frankle et al., ICML 2020; 1912.05671)."""

from __future__ import annotations

from typing import Any

import torch
from numpy.typing import NDArray

from tickets.architecture import HEAD, PRETRAINED_HEAD, Architecture
from tickets.data.masking import IGNORED
from tickets.encoded import Encoded
from tickets.model.dropout import NONE
from tickets.model.network import Network
from tickets.training.evaluation import batches
from tickets.weights import Weights

ALPHAS = tuple(step / 10 for step in range(11))
"""How far along the line each network is: 0 is the first end, 1 the second."""


def interpolate(first: Weights, second: Weights, alpha: float) -> dict[str, NDArray[Any]]:
    """(1 - alpha) first + alpha second, of encoder and head, by name; at 0 and 1 an end itself.

    What both ends have as zero, such as pruned weights, is zero. theta_0's own head, which a
    file of trained weights still has, is left out.
    """
    names = [name for name in first if not name.startswith(PRETRAINED_HEAD)]
    return {name: (1 - alpha) * first[name] + alpha * second[name] for name in names}


def network_of(
    weights: Weights, architecture: Architecture, head: str, dtype: torch.dtype
) -> Network:
    """The network with these weights, as the training that ends with them evaluates it."""
    gamma = {n.removeprefix(HEAD): value for n, value in weights.items() if n.startswith(HEAD)}
    theta = {name: value for name, value in weights.items() if not name.startswith(HEAD)}
    return Network.of(theta, gamma, architecture, head, dtype=dtype)


def mean_loss(network: Network, encoded: Encoded) -> float:
    """The loss that is trained, as a mean over a whole split, without dropout.

    Cross-entropy of an example's class or of a hidden word, or an example's squared error; of a
    span the mean of the cross-entropies of its first and last token in each window, where a
    window without the answer has its first token for both.
    """
    total, count = 0.0, 0
    with torch.inference_mode():
        for packed, batch in batches(network, encoded):
            if batch.target is None:
                tokens = encoded.tokens[packed.source]
                batch = network.batch(encoded, packed, tokens, training=True)
            assert batch.target is not None
            size = batch.target.numel()
            if network.head == "mlm":
                size = int((batch.target != IGNORED).sum())  # the others only fill it up
            total += size * network.loss(batch, NONE).item()
            count += size
    return total / count
