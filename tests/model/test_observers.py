"""The engine's two observers: they see what autograd's hooks see, and change nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from transformers import BertForSequenceClassification

import tiny_bert
from tickets import architecture, masks
from tickets.initial import pretrained
from tickets.model.batches import pack
from tickets.model.dropout import NONE, Rates
from tickets.model.network import Batch, Network
from tickets.training.adamw import AdamW
from tickets.training.loop import initial_head
from tickets.training.stepping import Stepper
from tickets.weights import prunable_of


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_bert.model(tmp_path_factory.mktemp("model"))


def network_of(model: Path) -> Network:
    """A network in float32 for classification."""
    theta_0, known = pretrained.read(model), architecture.read(model)
    theta, gamma = initial_head(theta_0, known, head="classification", labels=2, seed=1, task="toy")
    dense = masks.dense(prunable_of(theta_0))
    return Network.of(theta, gamma, known, "classification", mask=dense, selective=False)


def batch_of(network: Network, *examples: int) -> Batch:
    """Some of eight texts."""
    encoded = tiny_bert.texts(8, "classification")
    packed = pack(encoded, np.array(examples), None)
    return network.batch(encoded, packed, encoded.tokens[packed.source], training=True)


def test_inputs_are_those_of_each_product(model: Path) -> None:
    """Their squares, summed over all tokens, are those that forward hooks see."""
    network = network_of(model)
    squares: dict[str, Tensor] = {}

    def add(names: tuple[str, ...], x: Tensor) -> None:
        for name in names:
            squares[name] = squares.get(name, 0) + x.detach().square().sum(0)

    network.parameters.at_input = add
    for example in range(8):
        network.answers(batch_of(network, example))

    theirs = BertForSequenceClassification.from_pretrained(model, dtype=torch.float32).eval()
    expected: dict[str, Tensor] = {}
    encoded = tiny_bert.texts(8, "classification")
    texts = np.split(encoded.tokens, encoded.offsets[1:-1])
    for name, module in theirs.bert.named_modules():
        if isinstance(module, torch.nn.Linear):
            module.register_forward_pre_hook(
                lambda _, inputs, name=f"{name}.weight": expected.update(
                    {name: expected.get(name, 0) + inputs[0].flatten(0, -2).square().sum(0)}
                )
            )
    with torch.no_grad():
        for text in texts:
            theirs(input_ids=torch.from_numpy(text.astype(np.int64))[None])

    assert squares.keys() == expected.keys() | {"head.output.weight"}
    for name, values in expected.items():
        assert torch.allclose(squares[name], values, rtol=1e-4)


def test_an_observed_step_has_the_same_bits(model: Path) -> None:
    """And the observer of the backward pass is called once a step, when gradients are there."""
    seen: list[object] = []

    def trained(*, observed: bool) -> Tensor:
        network = network_of(model)
        batch, parameters = batch_of(network, *range(8)), network.parameters
        if observed:
            parameters.at_input = lambda *product: seen.append(product)
            parameters.after_backward = lambda: seen.append(float(parameters.grads.norm()))
        optimizer = AdamW(parameters.values, parameters.grads, epsilon=1e-8, clip_norm=1e9)
        stepper = Stepper(network, optimizer, Rates(hidden=0.1, attention=0.1))
        for step in range(3):
            stepper(batch, rate=1e-3, seed=step)
        return parameters.values

    assert torch.equal(trained(observed=False), trained(observed=True))
    norms = [each for each in seen if isinstance(each, float)]
    assert len(norms) == 3
    assert min(norms) > 0
    assert len(seen) == 3 * (1 + 2 * 4 + 2)  # a layer's four products, the pooler's, the head's


def test_without_an_observer_nothing_is_observed(model: Path) -> None:
    """Both are None at first, and a backward pass needs none."""
    network = network_of(model)

    network.backward(network.loss(batch_of(network, *range(8)), NONE))

    assert not network.parameters.is_observed
    assert network.parameters.grads.any()
