"""Validation of a pre-training: its losses on pairs that it does not see, at regular steps."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from tickets.data.masking import IGNORED, hide
from tickets.encoded import Encoded
from tickets.model.network import Network
from tickets.seeds import derive
from tickets.training.evaluation import batches
from tickets.training.observer import Observer

TIMES = 20  # in a training
HELD_OUT = 1000  # pairs at most, and at most a tenth of the text
COLUMNS = ("step", "mlm_loss", "mlm_accuracy", "next_sentence_loss", "next_sentence_accuracy")
"""Of the table: losses are means in nats, accuracies per cent."""


def hold_out(corpus: Encoded, probability: float) -> tuple[Encoded, Encoded]:
    """The pairs to train on, and the last ones, whose words are hidden with `probability`."""
    order = np.arange(len(corpus))
    rest, last = np.split(order, [-min(HELD_OUT, max(1, len(order) // 10))])
    held = corpus.take(last)
    tokens, labels = hide(
        held.tokens,
        held.offsets,
        ~np.isin(held.tokens, held.meta["special_ids"]),
        probability=probability,
        mask_id=held.meta["mask_id"],
        vocabulary=held.meta["vocab_size"],
        seed=derive(0, "hidden words of the held-out pairs"),
    )
    held = replace(held, tokens=tokens, columns={**held.columns, "labels": labels})
    return corpus.take(rest), held


class Validation(Observer):
    """Losses on the pairs `held`, a row at every twentieth of a training."""

    def __init__(self, held: Encoded) -> None:
        self._held = held
        self._rows: list[list[float]] = []

    def observe(self, network: Network, step: int, total: int) -> None:
        """Add and print the row after `step` of `total` steps, if one is due."""
        if step % max(1, total // TIMES) and step != total:
            return
        self._rows.append([step, *_losses(network, self._held)])
        values = zip(COLUMNS, _texts(self._rows[-1]), strict=True)
        said = "  ".join(f"{name} {text}" for name, text in values if text)
        print(f"validation  {said}", file=sys.stderr, flush=True)

    def seen(self) -> NDArray[np.float64]:
        """All rows so far [n, 5], in the order of `COLUMNS`."""
        return np.array(self._rows, dtype=np.float64)

    def restore(self, seen: NDArray[np.float64]) -> None:
        """Resume after the steps that had these rows."""
        self._rows = seen.tolist()

    def table(self) -> bytes:
        """All rows as CSV; what a network does not predict is empty."""
        lines = [COLUMNS, *map(_texts, self._rows)]
        return "".join(f"{','.join(line)}\n" for line in lines).encode()


def _losses(network: Network, held: Encoded) -> list[float]:
    """Mean loss and accuracy of MLM, then of next-sentence prediction: NaN if that has no head."""
    sums = np.zeros((2, 3))  # loss, right answers, answers
    with torch.no_grad():
        for _, batch in batches(network, held):
            if network.head == "mlm":
                scored = [(network.words(batch), batch.target)]
            else:
                words, pairs = network.words_and_pairs(batch)
                scored = [(words, batch.target), (pairs, batch.label)]
            for total, (scores, target) in zip(sums, scored, strict=False):
                assert target is not None
                loss = F.cross_entropy(scores, target, ignore_index=IGNORED, reduction="sum")
                right = (scores.argmax(dim=1) == target).sum()
                total += loss.item(), right.item(), (target != IGNORED).sum().item()
    with np.errstate(invalid="ignore"):
        loss, right = sums[:, :2].T / sums[:, 2]
    return [float(value) for pair in zip(loss, 100 * right, strict=True) for value in pair]


def _texts(row: Sequence[float]) -> list[str]:
    step, *values = row
    texts = ("" if np.isnan(value) else f"{value:.4f}" for value in values)
    return [str(int(step)), *texts]
