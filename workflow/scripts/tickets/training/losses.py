"""The MLM loss of a network on a split with hidden words, sequence by sequence."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import torch
from torch.nn import functional as F

from tickets.columns import column
from tickets.data.masking import IGNORED
from tickets.encoded import Encoded
from tickets.model.network import Network
from tickets.training.evaluation import batches


def sequence_losses(network: Network, encoded: Encoded) -> pa.Table:
    """For each sequence of an encoded MLM split, in its order: `loss`, the sum of its hidden words'
    cross-entropies in nats, and `words`, their number.
    """
    loss = np.zeros(len(encoded), dtype=np.float64)
    words = np.zeros(len(encoded), dtype=np.int64)
    with torch.inference_mode():
        for packed, batch in batches(network, encoded):
            assert batch.target is not None
            hidden = encoded.columns["labels"][packed.source] != IGNORED
            each = F.cross_entropy(
                network.words(batch), batch.target, ignore_index=IGNORED, reduction="none"
            )
            owner = packed.examples[packed.owner[hidden]]
            np.add.at(loss, owner, each[: owner.size].cpu().numpy())
            np.add.at(words, owner, 1)
    return pa.table({"loss": column(loss), "words": column(words)})
