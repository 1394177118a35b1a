"""A network on a device: it turns packed sequences into losses and outputs, for every head.

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
from tickets.model.batches import PackedBatch, round_up
from tickets.model.device import best_device
from tickets.model.dropout import NONE, Dropout
from tickets.model.encoder import Rows, encode, outputs, pool, word_scores
from tickets.model.parameters import Parameters

HIDING = ("mlm", "pretraining")  # heads that predict words which their inputs hide
# There should be few shapes: a CUDA graph serves one, and a CPU's memory is full of gaps if large
# blocks are of many sizes.
ROUNDING = 64
LARGE_VOCABULARY = 4096  # of which 64 words have a megabyte of scores

Array = NDArray[np.generic]
Tensors = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, kw_only=True)
class Batch:
    """A network's inputs for some sequences, and the answers wanted.

    rows: the sequences. needed: the slots whose hidden states the head reads; None for all slots.
    target: word pieces or classes (int64; -100 where none is wanted), values (float32), or for a
    span the B first tokens, then the B last ones; None outside training.
    label: of pre-training, whether the second text of a pair belongs to the first (0) or not [B].
    slots, outside: for a span each sequence's slots [B, L], and which of them lie beyond its end.
    """

    rows: Rows
    needed: Tensor | None
    target: Tensor | None = None
    label: Tensor | None = None
    slots: Tensor | None = None
    outside: Tensor | None = None


@dataclass(frozen=True, kw_only=True)
class Network:
    """theta and gamma as parameters on one device, and how to run them.

    `head`: a task's, or "pretraining": MLM's and next-sentence prediction's (Devlin et al. 2019).
    `selective`: of the last layer, compute only what the head reads. `rounding`: pad a span's slots
    to a multiple of this; above 1, also pad the numbers of rows (`round_up`) and of hidden words.
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
        """Copy theta and gamma to the best device; products are computed in `dtype`."""
        arrays = {**theta, **{f"{HEAD}{name}": value for name, value in gamma.items()}}
        device = best_device()
        return cls(
            parameters=Parameters(arrays, architecture, device, dtype=dtype, mask=mask),
            architecture=architecture,
            head=head,
            selective=selective,
            rounding=ROUNDING if device.type == "cuda" else 1,
        )

    @property
    def word_rounding(self) -> int:
        """A batch's hidden words are padded to a multiple of this."""
        is_large = self.architecture.vocabulary >= LARGE_VOCABULARY
        return ROUNDING if is_large else self.rounding

    def batch(
        self,
        encoded: Encoded,
        packed: PackedBatch,
        tokens: Array,
        *,
        words: Array | None = None,
        training: bool = False,
    ) -> Batch:
        """Packed sequences on the device.

        tokens: the word pieces that the network sees [T]. words: for `HIDING` the true word pieces,
        -100 where none is hidden [T]. With `training` other heads take targets from `encoded`.
        """
        if self.rounding > 1:
            packed = replace(packed, rows=round_up(packed.rows))
        sequence = packed.lay_out(packed.owner, -1).reshape(packed.rows, packed.width)
        rows = Rows(
            tokens=self._tensor(packed.lay_out(tokens.astype(np.int64))),
            types=self._tensor(packed.lay_out(encoded.types[packed.source].astype(np.int64))),
            positions=self._tensor(packed.lay_out(packed.positions)),
            sequence=self._tensor(sequence),
        )
        if words is not None:
            places = np.flatnonzero(words != IGNORED)
            padding = (0, -places.size % self.word_rounding)
            target = np.pad(words[places].astype(np.int64), padding, constant_values=IGNORED)
            needed, label = np.pad(packed.slots[places], padding), None
            if self.head == "pretraining":
                needed = np.concatenate([needed, packed.firsts])
                label = encoded.columns["label"][packed.examples].astype(np.int64)
            return Batch(
                rows=rows,
                needed=self._tensor(needed),
                target=self._tensor(target),
                label=None if label is None else self._tensor(label),
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
        """The mean loss: cross-entropy, or squared error for regression; of pre-training the sum
        of the means over hidden words and over pairs.
        """
        assert batch.target is not None
        if self.head == "pretraining":
            assert batch.label is not None
            words, pairs = self.words_and_pairs(batch, dropout)
            mlm = F.cross_entropy(words, batch.target, ignore_index=IGNORED)
            return mlm + F.cross_entropy(pairs, batch.label)
        if self.head == "mlm":
            scores = self.words(batch, dropout)
        elif self.head == "span":
            scores = self.edges(batch, dropout).flatten(0, 1)
        else:
            scores = self.answers(batch, dropout)
        if self.head == "regression":
            return F.mse_loss(scores[:, 0], batch.target)
        return F.cross_entropy(scores, batch.target, ignore_index=IGNORED)

    def backward(self, loss: Tensor) -> None:
        """Write the gradients of a loss that `loss` returned; then call the observer."""
        loss.backward()
        if self.parameters.after_backward is not None:
            self.parameters.after_backward()

    def answers(self, batch: Batch, dropout: Dropout = NONE) -> Tensor:
        """The outputs of a classification [B, labels] or regression [B, 1]."""
        first = self._hidden(batch, dropout)
        return outputs(self.parameters, pool(self.parameters, first), dropout)

    def words(self, batch: Batch, dropout: Dropout = NONE) -> Tensor:
        """Scores of all word pieces at the hidden words, then at the padding, [.., V]."""
        return word_scores(self.parameters, self.architecture, self._hidden(batch, dropout))

    def words_and_pairs(self, batch: Batch, dropout: Dropout = NONE) -> tuple[Tensor, Tensor]:
        """Of pre-training the scores of word pieces as `words` gives them, and those of whether the
        second text of a pair belongs to the first or not [B, 2].
        """
        assert batch.target is not None
        hidden, first = self._hidden(batch, dropout).tensor_split([len(batch.target)])
        pairs = outputs(self.parameters, pool(self.parameters, first), dropout)
        return word_scores(self.parameters, self.architecture, hidden), pairs

    def edges(self, batch: Batch, dropout: Dropout = NONE) -> Tensor:
        """Each token's scores as a span's first and last token [2, B, L]; -inf beyond the end."""
        assert batch.slots is not None
        assert batch.outside is not None
        scores = outputs(self.parameters, self._hidden(batch, dropout), NONE)
        table = scores.index_select(0, batch.slots.flatten()).view(*batch.slots.shape, 2)
        return table.masked_fill(batch.outside[:, :, None], -torch.inf).permute(2, 0, 1)

    def _hidden(self, batch: Batch, dropout: Dropout) -> Tensor:
        """The last hidden states of the slots that the head reads."""
        if batch.needed is None or self.selective:
            return encode(self.parameters, self.architecture, batch.rows, batch.needed, dropout)
        states = encode(self.parameters, self.architecture, batch.rows, None, dropout)
        return states.index_select(0, batch.needed)

    def _target(self, encoded: Encoded, packed: PackedBatch) -> Tensor:
        columns, examples = encoded.columns, packed.examples
        if self.head == "span":
            edges = [columns[edge][examples] for edge in ("start", "end")]
            return self._tensor(np.concatenate(edges).astype(np.int64))
        kind = np.float32 if self.head == "regression" else np.int64
        return self._tensor(columns["label"][examples].astype(kind))

    def _tensor(self, array: Array) -> Tensor:
        tensor = torch.from_numpy(np.ascontiguousarray(array))
        if self.parameters.device.type == "cuda":
            tensor = tensor.pin_memory()  # the host waits for copies from other memory
        return tensor.to(self.parameters.device, non_blocking=True)
