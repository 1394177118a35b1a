"""AdamW and clipping against torch's own."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from tickets.training.adamw import AdamW

SHAPES = ((3, 5), (7,), (2, 2))
RATES = (0.0, 1e-3, 3e-2, 2e-2, 1e-2, 1e-5)
SIZE = sum(torch.Size(shape).numel() for shape in SHAPES)


def flat(tensors: list[Tensor]) -> Tensor:
    return torch.cat([tensor.detach().flatten() for tensor in tensors])


def drawn(seed: int, scale: float = 1.0) -> list[Tensor]:
    """Of very different sizes, so that epsilon and both moments matter."""
    generator = torch.Generator().manual_seed(seed)
    return [
        torch.randn(shape, generator=generator) * scale * 10.0 ** -(2 * place)
        for place, shape in enumerate(SHAPES)
    ]


@pytest.mark.parametrize("clip_norm", [1e6, 1e-2])
def test_steps_are_those_of_torch(clip_norm: float) -> None:
    """Six steps at six rates, clipped by torch's clip_grad_norm_ and moved by its AdamW: the same
    values to float rounding; one tensor never has a gradient and stays as it is.
    """
    theirs = [tensor.requires_grad_() for tensor in drawn(0)]
    reference = torch.optim.AdamW(theirs, lr=1.0, eps=1e-8, weight_decay=0.0)
    values, grads = flat(theirs), torch.zeros(SIZE)
    ours = AdamW(values, grads, epsilon=1e-8, clip_norm=clip_norm)
    clipped = 0
    for step, rate in enumerate(RATES):
        gradients = drawn(1 + step, scale=10.0**-step)
        gradients[2].zero_()
        grads.copy_(flat(gradients))
        for tensor, gradient in zip(theirs, gradients, strict=True):
            tensor.grad = gradient.clone()
        clipped += bool(torch.nn.utils.clip_grad_norm_(theirs, clip_norm) > clip_norm)
        reference.param_groups[0]["lr"] = rate
        reference.step()
        ours.step(rate)

    assert clipped == (3 if clip_norm < 1 else 0)
    torch.testing.assert_close(values, flat(theirs), rtol=1e-5, atol=1e-7)
    assert torch.equal(values[-4:], flat(drawn(0))[-4:])


def test_decay_is_that_of_torch() -> None:
    """Matrices decay as in torch's AdamW, decoupled and before the step; the vector does not."""
    theirs = [tensor.requires_grad_() for tensor in drawn(0)]
    matrix, vector, other = theirs
    reference = torch.optim.AdamW(
        [{"params": [matrix, other], "weight_decay": 0.1}, {"params": [vector]}],
        lr=1.0,
        eps=1e-8,
        weight_decay=0.0,
    )
    values, grads = flat(theirs), torch.zeros(SIZE)
    decayed = [values[:15], values[-4:]]
    ours = AdamW(values, grads, epsilon=1e-8, clip_norm=1e6, decayed=decayed)
    for step, rate in enumerate(RATES):
        gradients = drawn(1 + step)
        grads.copy_(flat(gradients))
        for tensor, gradient in zip(theirs, gradients, strict=True):
            tensor.grad = gradient.clone()
        for group in reference.param_groups:
            group["lr"] = rate
        reference.step()
        ours.step(rate, 0.1)

    torch.testing.assert_close(values, flat(theirs), rtol=1e-5, atol=1e-7)


def test_the_norm_of_many_gradients_keeps_its_digits() -> None:
    """Ten million equal gradients: a plain float32 sum of their squares would lose digits."""
    grads = torch.full((10_000_000,), 3e-4)
    values = torch.zeros_like(grads)
    ours = AdamW(values, grads, epsilon=1e-8, clip_norm=1e-3)

    ours.step(0.0)

    expected = 3e-4 / (3e-4 * 10_000_000**0.5 / 1e-3)
    assert grads[0].item() == pytest.approx(expected, rel=1e-4)
