"""AdamW against torch's own class."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from tickets.adamw import AdamW

SHAPES = ((3, 5), (7,), (2, 2))
RATES = (0.0, 1e-3, 3e-2, 2e-2, 1e-2, 1e-5)


def parameters() -> list[Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(shape, generator=generator).requires_grad_() for shape in SHAPES]


def gradients(step: int) -> list[Tensor]:
    """Of very different sizes, so that epsilon and both moments matter."""
    generator = torch.Generator().manual_seed(1 + step)
    return [
        torch.randn(shape, generator=generator) * 10.0 ** -(2 * place + step)
        for place, shape in enumerate(SHAPES)
    ]


@pytest.mark.parametrize("epsilon", [1e-8, 1e-3])
@pytest.mark.parametrize("fused", [True, False])
def test_every_step_is_that_of_torchs_class(epsilon: float, fused: bool) -> None:
    """A new learning rate every step: bit by bit its fused form, and closely its plain one."""
    ours, theirs = parameters(), parameters()
    optimizer = AdamW(ours, epsilon)
    reference = torch.optim.AdamW(theirs, lr=1.0, eps=epsilon, weight_decay=0.0, fused=fused)
    for step, rate in enumerate(RATES):
        reference.param_groups[0]["lr"] = rate
        for found in (ours, theirs):
            for parameter, gradient in zip(found, gradients(step), strict=True):
                parameter.grad = gradient.clone()
        optimizer.step(rate)
        reference.step()

        for one, other in zip(ours, theirs, strict=True):
            torch.testing.assert_close(
                one, other, rtol=0 if fused else 1e-6, atol=0 if fused else 1e-7
            )
    assert not any(map(torch.equal, ours, parameters()))


def test_a_parameter_without_gradient_is_left_alone() -> None:
    """Not one bit of it changes, and the others move as if it were not there."""
    ours, fewer = parameters(), parameters()
    ours[1].requires_grad_(False)
    optimizer, reference = AdamW(ours, 1e-8), AdamW([fewer[0], fewer[2]], 1e-8)
    for step in range(3):
        for place in (0, 2):
            ours[place].grad = gradients(step)[place]
            fewer[place].grad = gradients(step)[place]
        optimizer.step(1e-2)
        reference.step(1e-2)

    assert torch.equal(ours[1], parameters()[1])
    assert torch.equal(ours[0], fewer[0])
    assert torch.equal(ours[2], fewer[2])


def test_cleared_gradients_are_gone() -> None:
    """The next backward pass starts from nothing."""
    (parameter,) = one = [torch.ones(2, requires_grad=True)]
    optimizer = AdamW(one, 1e-8)
    for _ in range(2):
        optimizer.clear()
        (2 * parameter).sum().backward()

    assert parameter.grad is not None
    assert parameter.grad.tolist() == [2.0, 2.0]
