"""SNIP's gradients against autograd's, through a padded model of transformers."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import BertForSequenceClassification

import tiny_bert
from tickets import architecture, masks
from tickets.criteria.snip import gradients
from tickets.criterion import Inputs
from tickets.initial import pretrained
from tickets.model.batches import choose_examples
from tickets.training.loop import initial_head
from tickets.weights import prunable_of

BATCHES = 3


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_bert.model(tmp_path_factory.mktemp("model"))


def found(model: Path, head: str) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    theta_0, known = pretrained.read(model), architecture.read(model)
    _, gamma = initial_head(theta_0, known, head=head, labels=2, seed=1, task="toy")
    inputs = Inputs(
        weights=theta_0,
        parent=masks.dense(prunable_of(theta_0)),
        sparsity=Fraction(1, 2),
        seed=1,
        task="toy",
        parameters={
            **{"head": head, "labels": 2, "batch_size": 8, "batches": BATCHES},
            **{"mlm_probability": 0.15, "precision": "float32"},
        },
    )
    slopes = gradients(inputs, tiny_bert.texts(30, head), known)
    return dict(gamma), dict(slopes)


def test_gradients_are_those_of_autograd(model: Path) -> None:
    """Summed over the batches that a training would begin with, dropout off."""
    gamma, slopes = found(model, "classification")
    encoded = tiny_bert.texts(30, "classification")
    theirs = BertForSequenceClassification.from_pretrained(model, dtype=torch.float32).eval()
    theirs.classifier.weight.data = torch.from_numpy(gamma["output.weight"].copy())
    theirs.classifier.bias.data = torch.from_numpy(gamma["output.bias"].copy())
    for step in range(BATCHES):
        examples = choose_examples(len(encoded), 8, 1, step)
        texts = [
            torch.from_numpy(encoded.tokens[encoded.offsets[i] : encoded.offsets[i + 1]]).long()
            for i in examples
        ]
        ids = torch.nn.utils.rnn.pad_sequence(texts, batch_first=True)
        seen = torch.nn.utils.rnn.pad_sequence([torch.ones_like(t) for t in texts], True)
        labels = torch.from_numpy(encoded.columns["label"][examples]).long()
        theirs(input_ids=ids, attention_mask=seen, labels=labels).loss.backward()

    for name, slope in slopes.items():
        expected = theirs.bert.get_parameter(name).grad
        assert expected is not None
        assert np.allclose(slope, expected.numpy(), rtol=1e-3, atol=1e-6)
    assert len(slopes) == 2 * 6 + 1


def test_a_matrix_that_no_answer_depends_on_has_none(model: Path) -> None:
    """A span's head does not use the pooler."""
    _, slopes = found(model, "span")

    assert not slopes["pooler.dense.weight"].any()
    assert all(slope.any() for name, slope in slopes.items() if name != "pooler.dense.weight")
