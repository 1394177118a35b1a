"""What a criterion that reads data is given, on a tiny BERT, and transformers' run of the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch
from transformers import BertForSequenceClassification

import tiny_bert
from tickets import architecture, masks, provenance
from tickets.criterion import Inputs
from tickets.initial import pretrained
from tickets.masks import Mask
from tickets.model.batches import choose_examples
from tickets.training.loop import initial_head
from tickets.weights import prunable_of, rewind

BATCH = 8
EXAMPLES = 30


def inputs(
    folder: Path,
    sparsity: Fraction = Fraction(1, 2),
    *,
    head: str = "classification",
    **own: float,
) -> Inputs:
    """Of a task with this head; `own` are the criterion's parameters."""
    model = tiny_bert.model(folder / "model")
    train = folder / "train.arrow"
    tiny_bert.texts(EXAMPLES, head).write(train)
    provenance.write(train, rule="x", parameters={}, dependencies={}, started=provenance.now())
    theta_0 = pretrained.read(model)
    return Inputs(
        weights=theta_0,
        parent=masks.dense(prunable_of(theta_0)),
        sparsity=sparsity,
        seed=1,
        task="toy",
        parameters={
            **{"head": head, "labels": 2, "batch_size": BATCH, "threads": 1},
            **{"mlm_probability": 0.15, "precision": "float32"},
            **own,
        },
        files={"train": train, "model": model},
    )


def padded_steps(
    given: Inputs, batches: int, mask: Mask | None = None
) -> Iterator[tuple[BertForSequenceClassification, Mapping[str, torch.Tensor]]]:
    """The model of transformers under `mask`, with the same head and without dropout, and the
    batches that a training would begin with, padded.
    """
    model = given.files["model"]
    known = architecture.read(model)
    _, gamma = initial_head(
        given.weights, known, head="classification", labels=2, seed=1, task="toy"
    )
    encoded = tiny_bert.texts(EXAMPLES, "classification")
    theirs = BertForSequenceClassification.from_pretrained(model, dtype=torch.float32).eval()
    theirs.classifier.weight.data = torch.from_numpy(gamma["output.weight"].copy())
    theirs.classifier.bias.data = torch.from_numpy(gamma["output.bias"].copy())
    if mask is not None:
        for name, value in rewind(given.weights, mask).items():
            if name in mask.kept:
                theirs.bert.get_parameter(name).data = torch.from_numpy(value)
    for step in range(batches):
        examples = choose_examples(len(encoded), BATCH, 1, step)
        texts = [
            torch.from_numpy(encoded.tokens[encoded.offsets[i] : encoded.offsets[i + 1]]).long()
            for i in examples
        ]
        pad = torch.nn.utils.rnn.pad_sequence
        yield (
            theirs,
            {
                "input_ids": pad(texts, batch_first=True),
                "attention_mask": pad([torch.ones_like(text) for text in texts], True),
                "labels": torch.from_numpy(np.asarray(encoded.columns["label"][examples])).long(),
            },
        )
