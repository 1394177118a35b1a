"""Dropout: the rates asked for, from the seed alone."""

from __future__ import annotations

import pytest
import torch

from tickets.model.dropout import NONE, Dropout, Rates

CPU = torch.device("cpu")
RATES = Rates(hidden=0.1, attention=0.3)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_units_are_dropped_at_the_rate_and_the_rest_scaled(dtype: torch.dtype) -> None:
    """Shares within four standard errors; means stay; kept units are divided by 1 - rate."""
    ones = torch.ones(1000, 1000, dtype=dtype)
    dropout = Dropout(RATES, 1, CPU)
    for found, rate in ((dropout.hidden(ones), 0.1), (dropout.attention(ones), 0.3)):
        share = (found == 0).double().mean().item()
        assert share == pytest.approx(rate, abs=4 * (rate * (1 - rate) / 1e6) ** 0.5)
        kept = found[found != 0].double()
        assert kept.unique().numel() == 1
        assert kept[0].item() == pytest.approx(1 / (1 - rate), rel=4e-3)


def test_draws_depend_on_the_seed_alone() -> None:
    """The same seed draws the same in the same order; another draws others; calls differ."""
    x = torch.rand(31, 17) + 1

    def draws(seed: int) -> list[torch.Tensor]:
        dropout = Dropout(RATES, seed, CPU)
        return [dropout.hidden(x), dropout.hidden(x), dropout.attention(x)]

    assert all(torch.equal(one, two) for one, two in zip(draws(1), draws(1), strict=True))
    assert not torch.equal(draws(1)[0], draws(2)[0])
    assert not torch.equal(draws(1)[0], draws(1)[1])


def test_added_drops_of_the_change_only() -> None:
    """`added(x, change)` is x plus what `hidden(change)` would have been."""
    x, change = torch.rand(2, 20, 30)

    torch.testing.assert_close(
        Dropout(RATES, 5, CPU).add(x, change), x + Dropout(RATES, 5, CPU).hidden(change)
    )
    assert torch.equal(NONE.add(x, change), x + change)
    assert NONE.hidden(x) is x
