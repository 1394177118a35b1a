"""A network on a device: from packed sequences to losses and outputs, for every kind of head.

Legend: R rows of W slots, n = R * W; B sequences, L tokens in the longest; V word pieces.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from tickets.architecture import HEAD, Architecture
from tickets.data.masking import IGNORED
from tickets.encoded import Encoded
from tickets.masks import Mask
from tickets.model.batches import Packed, few
from tickets.model.device import best_device
from tickets.model.dropout import NONE, Dropout
from tickets.model.encoder import Rows, encode, outputs, pooled, word_scores
from tickets.model.parameters import Parameters

ROUNDING = 64  # on a GPU: a CUDA graph serves one shape, and there should be few

Array = NDArray[np.generic]
Tensors = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, kw_only=True)
class Batch:
    """What a network sees of some sequences, and what it should answer.

    rows: the sequences. needed: the slots whose hidden states the head reads, None for all of them.
    target: word pieces or classes (int64, -100 where there is none to be answered), values
    (float32), or for a span the B first tokens, then the B last ones; None outside training.
    slots, outside: for a span each sequence's slots [B, L], and which of these it does not fill.
    """

    rows: Rows
    needed: Tensor | None
    target: Tensor | None = None
    slots: Tensor | None = None
    outside: Tensor | None = None


@dataclass(frozen=True, kw_only=True)
class Network:
    """theta and gamma as parameters on one device, and what is needed to run them.

    `selective`: compute of the last layer only what the head reads. `rounding`: a batch's hidden
    words, or a span's slots, are filled up to a multiple of this; with more than 1 rows are added
    too, for `few` shapes.
    """

    parameters: Parameters
    architecture: Architecture
    head: str
    selective: bool = True
    rounding: int = 1

    @classmethod
    def of(
        cls,
        theta: Tensors,
        gamma: Tensors,
        architecture: Architecture,
        head: str,
        *,
        dtype: torch.dtype = torch.float32,
        mask: Mask | None = None,
        selective: bool = True,
    ) -> Network:
        """A network on the best device, with tensors of its own."""
        arrays = {**theta, **{f"{HEAD}{name}": value for name, value in gamma.items()}}
        device = best_device()
        return cls(
            parameters=Parameters(arrays, architecture, device, dtype=dtype, mask=mask),
            architecture=architecture,
            head=head,
            selective=selective,
            rounding=ROUNDING if device.type == "cuda" else 1,
        )

    def batch(
        self,
        encoded: Encoded,
        packed: Packed,
        tokens: Array,
        *,
        words: Array | None = None,
        training: bool = False,
    ) -> Batch:
        """Packed sequences as the network takes them.

        `tokens` [T] are the word pieces that it sees. `words` [T] are for MLM what stood there, or
        -100 where nothing is hidden. Other heads find their targets in `encoded`, in `training`.
        """
        if self.rounding > 1:
            packed = replace(packed, rows=few(packed.rows))
        sequence = packed.laid_out(packed.owner, -1).reshape(packed.rows, packed.width)
        rows = Rows(
            tokens=self._tensor(packed.laid_out(tokens.astype(np.int64))),
            types=self._tensor(packed.laid_out(encoded.types[packed.source].astype(np.int64))),
            positions=self._tensor(packed.laid_out(packed.positions)),
            sequence=self._tensor(sequence),
        )
        if words is not None:
            places = np.flatnonzero(words != IGNORED)
            more = (0, -places.size % self.rounding)
            target = np.pad(words[places].astype(np.int64), more, constant_values=IGNORED)
            return Batch(
                rows=rows,
                needed=self._tensor(np.pad(packed.slots[places], more)),
                target=self._tensor(target),
            )
        target = self._target(encoded, packed) if training else None
        if self.head != "span":
            return Batch(rows=rows, needed=self._tensor(packed.firsts), target=target)
        longest = int(packed.lengths.max())
        within = np.arange(longest + -longest % self.rounding)
        outside = within >= packed.lengths[:, None]
        slots = np.where(outside, 0, packed.firsts[:, None] + within)
        return Batch(
            rows=rows,
            needed=None,
            target=target,
            slots=self._tensor(slots),
            outside=self._tensor(outside),
        )

    def loss(self, batch: Batch, dropout: Dropout) -> Tensor:
        """The mean loss: cross-entropy, or squared error for regression."""
        assert batch.target is not None
        if self.head == "mlm":
            found = self.words(batch, dropout)
        elif self.head == "span":
            found = self.edges(batch, dropout).flatten(0, 1)
        else:
            found = self.answers(batch, dropout)
        if self.head == "regression":
            return F.mse_loss(found[:, 0], batch.target)
        return F.cross_entropy(found, batch.target, ignore_index=IGNORED)

    def backward(self, loss: Tensor) -> None:
        """Write the gradients of a loss that `loss` gave, and let the observer see them."""
        loss.backward()
        if self.parameters.after_backward is not None:
            self.parameters.after_backward()

    def answers(self, batch: Batch, dropout: Dropout = NONE) -> Tensor:
        """A classification's or regression's outputs, [B, labels] or [B, 1]."""
        first = self._hidden(batch, dropout)
        return outputs(self.parameters, pooled(self.parameters, first), dropout)

    def words(self, batch: Batch, dropout: Dropout = NONE) -> Tensor:
        """Scores of all word pieces at the hidden words, then at what fills them up, [.., V]."""
        return word_scores(self.parameters, self.architecture, self._hidden(batch, dropout))

    def edges(self, batch: Batch, dropout: Dropout = NONE) -> Tensor:
        """Scores of every token as a span's first and last, [2, B, L]; -inf after the last."""
        assert batch.slots is not None
        assert batch.outside is not None
        found = outputs(self.parameters, self._hidden(batch, dropout), NONE)
        table = found.index_select(0, batch.slots.flatten()).view(*batch.slots.shape, 2)
        return table.masked_fill(batch.outside[:, :, None], -torch.inf).permute(2, 0, 1)

    def _hidden(self, batch: Batch, dropout: Dropout) -> Tensor:
        """The last hidden states of the slots that the head reads."""
        if batch.needed is None or self.selective:
            return encode(self.parameters, self.architecture, batch.rows, batch.needed, dropout)
        whole = encode(self.parameters, self.architecture, batch.rows, None, dropout)
        return whole.index_select(0, batch.needed)

    def _target(self, encoded: Encoded, packed: Packed) -> Tensor:
        columns, examples = encoded.columns, packed.examples
        if self.head == "span":
            edges = [columns[edge][examples] for edge in ("start", "end")]
            return self._tensor(np.concatenate(edges).astype(np.int64))
        kind = np.float32 if self.head == "regression" else np.int64
        return self._tensor(columns["label"][examples].astype(kind))

    def _tensor(self, array: Array) -> Tensor:
        tensor = torch.from_numpy(np.ascontiguousarray(array))
        if self.parameters.device.type == "cuda":
            tensor = tensor.pin_memory()  # from other memory a copy makes the host wait
        return tensor.to(self.parameters.device, non_blocking=True)
