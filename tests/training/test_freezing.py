"""Training with frozen weights, against torch with hooks on gradients, and bit by bit."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import BertForSequenceClassification

import tiny_bert
from tickets import architecture
from tickets.criteria.random import draw
from tickets.initial import pretrained
from tickets.masks import Mask
from tickets.model.batches import choose_examples
from tickets.training.loop import Trained, initial_head, train
from tickets.training.recipe import Recipe
from tickets.weights import prunable_of

RECIPE = Recipe(epochs=3, steps=None, batch_size=8, learning_rate=5e-3, dropout=0.0, clip_norm=0.3)
ODD = np.array([-0.0, 1e-40, -1e-45], np.float32)
"""Values whose bits a careless update would lose: a negative zero, and denormal numbers."""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_bert.model(tmp_path_factory.mktemp("model"))


def start(model: Path) -> tuple[dict[str, np.ndarray], Mask]:
    """theta_0 whole, and a mask of half of its prunable weights."""
    theta = pretrained.read(model)
    return theta, draw(prunable_of(theta), Fraction("1/2"), seed=1)


def trained(
    model: Path, theta: dict[str, np.ndarray], mask: Mask, head: str, recipe: Recipe = RECIPE
) -> Trained:
    known = architecture.read(model)
    theta, gamma = initial_head(theta, known, head=head, labels=2, seed=1, task="toy")
    texts = tiny_bert.texts(30, head)
    return train(theta, gamma, mask, texts, known, recipe, head=head, seed=1)


@pytest.mark.parametrize("head", ["classification", "regression", "span", "mlm"])
def test_frozen_weights_keep_their_bits_and_others_move(model: Path, head: str) -> None:
    """For every head, with dropout; of zeros the sign too, and of what is no normal number."""
    theta, mask = start(model)
    name = "encoder.layer.0.attention.self.value.weight"
    frozen = np.flatnonzero(~mask.kept[name])[: len(ODD)]
    theta[name].reshape(-1)[frozen] = ODD

    result = trained(model, theta, mask, head, replace(RECIPE, dropout=None))

    for each, kept in mask.kept.items():
        before, after = theta[each].view(np.uint32), result.theta[each].view(np.uint32)
        assert np.array_equal(before[~kept], after[~kept]), each
        if not each.startswith("pooler") or head in ("classification", "regression"):
            assert (before[kept] != after[kept]).mean() > 0.9, each
    assert result.theta[name].reshape(-1)[frozen].tobytes() == ODD.tobytes()


def test_it_is_torchs_training_with_zeroed_gradients(model: Path) -> None:
    """A padded model of transformers from the same weights, clipping active: the same losses, and
    the same weights at the end.
    """
    theta, mask = start(model)
    ours = trained(model, theta, mask, "classification")
    _, gamma = initial_head(
        theta, architecture.read(model), head="classification", labels=2, seed=1, task="toy"
    )
    encoded = tiny_bert.texts(30, "classification")

    theirs = BertForSequenceClassification.from_pretrained(model, dtype=torch.float32).eval()
    theirs.classifier.weight.data = torch.from_numpy(gamma["output.weight"].copy())
    theirs.classifier.bias.data = torch.from_numpy(gamma["output.bias"].copy())
    for name, kept in mask.kept.items():
        where = torch.from_numpy(kept)
        theirs.bert.get_parameter(name).register_hook(
            lambda gradient, where=where: gradient * where
        )
    optimizer = torch.optim.AdamW(theirs.parameters(), lr=1.0, eps=1e-8, weight_decay=0.0)
    losses, clipped = [], 0
    total = RECIPE.total_steps(len(encoded))
    for step in range(total):
        optimizer.param_groups[0]["lr"] = 5e-3 * (total - step) / total
        examples = choose_examples(len(encoded), 8, 1, step)
        texts = [
            encoded.tokens[encoded.offsets[example] : encoded.offsets[example + 1]]
            for example in examples
        ]
        ids = torch.zeros(len(texts), max(map(len, texts)), dtype=torch.long)
        seen = torch.zeros_like(ids)
        for row, text in enumerate(texts):
            ids[row, : len(text)] = torch.from_numpy(text)
            seen[row, : len(text)] = 1
        labels = torch.from_numpy(encoded.columns["label"][examples].astype(np.int64))
        optimizer.zero_grad()
        loss = theirs(input_ids=ids, attention_mask=seen, labels=labels).loss
        loss.backward()
        clipped += torch.nn.utils.clip_grad_norm_(theirs.parameters(), 0.3) > 0.3
        optimizer.step()
        losses.append(loss.item())

    assert clipped > total / 2
    np.testing.assert_allclose(ours.losses, losses, rtol=1e-4)
    for name, value in ours.theta.items():
        if name.endswith("self.key.bias"):
            continue  # attention does not depend on it: AdamW makes steps of rounding noise
        expected = theirs.bert.get_parameter(name).detach().numpy()
        np.testing.assert_allclose(value, expected, rtol=2e-3, atol=2e-4, err_msg=name)
    for name, kept in mask.kept.items():
        still = theirs.bert.get_parameter(name).detach().numpy()[~kept]
        assert still.tobytes() == theta[name][~kept].tobytes() == ours.theta[name][~kept].tobytes()
