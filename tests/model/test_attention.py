"""Attention with dropout by hand, against autograd on the formula."""

from __future__ import annotations

import pytest
import torch

from tickets.model.attention import attend
from tickets.model.dropout import NONE, Dropout, Rates

ROWS, WIDTH, HEADS, SIZE = 3, 7, 2, 4
CPU = torch.device("cpu")


def inputs() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    together = torch.randn(ROWS * WIDTH, 3 * HEADS * SIZE, generator=generator)
    sequence = torch.tensor([[0] * 7, [1] * 3 + [2] * 4, [3] * 5 + [-1] * 2])
    same = sequence[:, :, None] == sequence[:, None, :]
    return together, torch.where(same, 0.0, -torch.inf)[:, None]


def by_formula(together: torch.Tensor, visible: torch.Tensor, dropout: Dropout) -> torch.Tensor:
    query, key, value = together.view(ROWS, WIDTH, 3, HEADS, SIZE).permute(2, 0, 3, 1, 4)
    weights = (query @ key.transpose(2, 3) / SIZE**0.5 + visible).softmax(dim=-1)
    weights = dropout.attention(weights) if dropout.rates.attention else weights
    return (weights @ value).transpose(1, 2).reshape(ROWS * WIDTH, -1)


@pytest.mark.parametrize("rate", [0.0, 0.3])
def test_outputs_and_gradients_are_those_of_the_formula(rate: float) -> None:
    """The same draws of dropout: the same outputs and the same gradients, to float rounding."""
    together, visible = inputs()
    rates = Rates(hidden=0.0, attention=rate)
    found: list[tuple[torch.Tensor, torch.Tensor]] = []
    for way in (lambda x, d: attend(x, visible, HEADS, d), lambda x, d: by_formula(x, visible, d)):
        x = together.clone().requires_grad_()
        y = way(x, Dropout(rates, 1, CPU))
        (y * torch.arange(y.numel()).view(y.shape).sin()).sum().backward()
        assert x.grad is not None
        found.append((y.detach(), x.grad))

    torch.testing.assert_close(found[0], found[1], rtol=1e-5, atol=1e-6)


def test_sequences_of_one_row_do_not_see_each_other() -> None:
    """Changing one sequence changes nothing in the other one of its row."""
    together, visible = inputs()
    changed = together.clone()
    changed[WIDTH : WIDTH + 3] += 1.0  # sequence 1; 2 stands behind it

    before, after = (attend(x, visible, HEADS, NONE) for x in (together, changed))

    assert not torch.allclose(before[WIDTH : WIDTH + 3], after[WIDTH : WIDTH + 3])
    assert torch.equal(before[WIDTH + 3 :], after[WIDTH + 3 :])
