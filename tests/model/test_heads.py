"""The last product of every head: in float32, whatever the type of the other products."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

import tiny_bert
from tickets import architecture, masks
from tickets.architecture import HEAD
from tickets.initial import pretrained
from tickets.model.batches import pack
from tickets.model.dropout import NONE
from tickets.model.encoder import WORDS, outputs
from tickets.model.layers import scores
from tickets.model.network import Network
from tickets.training.loop import initial_head
from tickets.weights import prunable_of

ROWS = 7
LAST = {"regression": (f"{HEAD}output.weight", f"{HEAD}output.bias"), "mlm": (WORDS, f"{HEAD}bias")}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_bert.model(tmp_path_factory.mktemp("model"))


def network_of(model: Path, head: str) -> Network:
    """A network with bfloat16 products, whose head's biases are not zero."""
    theta_0, known = pretrained.read(model), architecture.read(model)
    theta, gamma = initial_head(theta_0, known, head=head, labels=1, seed=1, task="toy")
    gamma = {name: value + np.float32(2.6) for name, value in gamma.items() if "bias" in name} | {
        name: value for name, value in gamma.items() if "bias" not in name
    }
    mask = masks.dense(prunable_of(theta_0))
    return Network.of(theta, gamma, known, head, dtype=torch.bfloat16, mask=mask)


def last_product(network: Network, features: Tensor) -> Tensor:
    if network.head == "regression":
        return outputs(network.parameters, features, NONE)
    return scores(network.parameters, *LAST["mlm"], features)


def features_of(network: Network) -> Tensor:
    """Random features [ROWS, H] of the type that the last layer gives."""
    generator = torch.Generator().manual_seed(0)
    drawn = torch.randn(ROWS, network.architecture.hidden_size, generator=generator)
    return drawn.bfloat16().requires_grad_()


def test_predictions_closer_than_bfloat16_s_numbers_differ(model: Path) -> None:
    """Different texts, outputs within one spacing of bfloat16: as many predictions as texts."""
    network = network_of(model, "regression")
    encoded = tiny_bert.texts(20, "regression")
    texts = np.split(encoded.tokens, encoded.offsets[1:-1])
    packed = pack(encoded, np.arange(20))

    with torch.inference_mode():
        network.parameters.value_of(LAST["regression"][0]).mul_(1e-2)
        network.parameters.refresh()
        found = network.answers(network.batch(encoded, packed, encoded.tokens[packed.source]))

    assert 0 < found.max() - found.min() < 2**-6  # bfloat16's spacing between 2 and 4
    assert found.unique().numel() == len({text.tobytes() for text in texts})


@pytest.mark.parametrize("head", LAST)
def test_the_last_product_is_one_in_float32(model: Path, head: str) -> None:
    """It equals numpy's product of the same features and float32 weights, to float32 rounding."""
    network = network_of(model, head)
    features = features_of(network)
    weight, bias = (network.parameters.value_of(name).double().numpy() for name in LAST[head])

    found = last_product(network, features)

    assert found.dtype == torch.float32
    expected = features.detach().double().numpy() @ weight.T + bias
    np.testing.assert_allclose(found.detach().numpy(), expected, rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("head", LAST)
def test_its_gradients_are_autograd_s(model: Path, head: str) -> None:
    """Of weights and biases in float32; of the features too, then rounded to their type."""
    network = network_of(model, head)
    parameters, features = network.parameters, features_of(network)
    theirs = features.detach().float().requires_grad_()
    weight, bias = (parameters.value_of(name).clone().requires_grad_() for name in LAST[head])

    last_product(network, features).square().sum().backward()
    torch.nn.functional.linear(theirs, weight, bias).square().sum().backward()

    for name, value in zip(LAST[head], (weight, bias), strict=True):
        torch.testing.assert_close(parameters.grad_of(name), value.grad, rtol=1e-5, atol=1e-5)
    assert theirs.grad is not None
    torch.testing.assert_close(features.grad, theirs.grad.bfloat16(), rtol=2**-7, atol=1e-6)
