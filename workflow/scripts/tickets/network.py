"""A network on a device: from packed arrays to losses and outputs, for every kind of head."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from tickets.architecture import Architecture
from tickets.batches import Packed
from tickets.encoded import Encoded
from tickets.encoder import Dropout, Parameters, Rows, encode, outputs, pooled, word_scores
from tickets.masking import IGNORED

Array = NDArray[np.generic]


def best_device() -> torch.device:
    """The GPU that this process sees, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


@dataclass(frozen=True, kw_only=True)
class Network:
    """theta and gamma as tensors on one device, and what is needed to run them."""

    theta: Parameters
    gamma: Parameters
    architecture: Architecture
    head: str
    device: torch.device

    @classmethod
    def of(
        cls,
        theta: Mapping[str, NDArray[np.float32]],
        gamma: Mapping[str, NDArray[np.float32]],
        architecture: Architecture,
        head: str,
    ) -> Network:
        """A network on the best device, with tensors of its own."""
        device = best_device()
        return cls(
            theta={name: torch.tensor(value, device=device) for name, value in theta.items()},
            gamma={name: torch.tensor(value, device=device) for name, value in gamma.items()},
            architecture=architecture,
            head=head,
            device=device,
        )

    def rows(self, packed: Packed) -> Rows:
        """Packed sequences on the device."""
        size, longest = packed.lengths.size, int(packed.lengths.max())
        visible = None
        if packed.tokens.size < size * longest:
            within = np.arange(longest) < packed.lengths[:, None]
            visible = torch.from_numpy(within).to(self.device)[:, None, None, :]
        return Rows(
            tokens=self.tensor(packed.tokens),
            types=self.tensor(packed.types),
            positions=self.tensor(packed.positions),
            slots=self.tensor(packed.slots),
            firsts=self.tensor(packed.starts[:-1]),
            visible=visible,
            size=size,
            longest=longest,
        )

    def hidden(self, rows: Rows, dropout: Dropout) -> Tensor:
        """The encoder's last hidden states, [T, H]."""
        return encode(self.theta, self.architecture, rows, dropout)

    def mlm_loss(self, packed: Packed, labels: NDArray[np.integer], dropout: Dropout) -> Tensor:
        """The mean cross-entropy of the hidden words; `labels` [T] are -100 where none is."""
        hidden = self.hidden(self.rows(packed), dropout)
        places = np.flatnonzero(labels != IGNORED)
        scores = self.words(hidden.index_select(0, self.tensor(places)))
        return F.cross_entropy(scores, self.tensor(labels[places].astype(np.int64)))

    def task_loss(self, packed: Packed, encoded: Encoded, dropout: Dropout) -> Tensor:
        """The mean loss of a batch: cross-entropy, or squared error for regression."""
        rows = self.rows(packed)
        hidden = self.hidden(rows, dropout)
        if self.head == "span":
            return self._span_loss(hidden, rows, packed, encoded)
        logits = self.answers(hidden, rows, dropout)
        label = encoded.columns["label"][packed.examples]
        if self.head == "regression":
            return F.mse_loss(logits[:, 0], self.tensor(label.astype(np.float32)))
        return F.cross_entropy(logits, self.tensor(label.astype(np.int64)))

    def answers(self, hidden: Tensor, rows: Rows, dropout: Dropout) -> Tensor:
        """A classification's or regression's outputs, [B, labels] or [B, 1]."""
        features = pooled(self.theta, self.gamma, hidden, rows)
        return outputs(self.gamma, features, dropout)

    def words(self, hidden: Tensor) -> Tensor:
        """Scores of all word pieces, [n, V]."""
        return word_scores(self.theta, self.gamma, self.architecture, hidden)

    def edges(self, hidden: Tensor, rows: Rows) -> Tensor:
        """Scores of every token as a span's first and last, [2, B, L]; -inf where no token is."""
        scores = outputs(self.gamma, hidden, Dropout(hidden=0.0, attention=0.0))
        full = scores.new_full((rows.size * rows.longest, 2), -torch.inf)
        return (
            full.index_copy(0, rows.slots, scores).view(rows.size, rows.longest, 2).permute(2, 0, 1)
        )

    def _span_loss(self, hidden: Tensor, rows: Rows, packed: Packed, encoded: Encoded) -> Tensor:
        first, last = self.edges(hidden, rows)
        start, end = (
            self.tensor(encoded.columns[edge][packed.examples].astype(np.int64))
            for edge in ("start", "end")
        )
        return (F.cross_entropy(first, start) + F.cross_entropy(last, end)) / 2

    def tensor(self, array: Array) -> Tensor:
        """An array on the device."""
        return torch.from_numpy(np.ascontiguousarray(array)).to(self.device, non_blocking=True)
