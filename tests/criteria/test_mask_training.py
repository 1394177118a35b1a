"""Mask training, step by step, against transformers' network and a straight-through function."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.func import functional_call

from criteria_on_data import inputs, padded_steps
from tickets.criteria.mask_training import PHI
from tickets.criterion import Inputs, Scores, find, load_criterion
from tickets.masks import Mask
from tickets.model.dropout import NONE
from tickets.schedule import pruned_count
from tickets.training.first_batches import first_batches, reserved_device

SPARSITY = Fraction(7, 10)
STEPS, RATE, CLIP, EPSILON = 4, 0.01, 0.001, 1e-5
CRITERION = load_criterion("mask_training")


def given(folder: Path, *, head: str = "classification", **own: float) -> Inputs:
    """An epsilon this large keeps Adam's first steps from magnifying rounding."""
    usual = {"batches": STEPS, "learning_rate": RATE, "adam_epsilon": EPSILON, "clip_norm": CLIP}
    return inputs(folder, SPARSITY, head=head, **{**usual, **own})


class Highest(torch.autograd.Function):
    """1 for the scores above the `pruned` lowest, 0 for these; backwards the identity."""

    @staticmethod
    def forward(ctx: Any, scores: torch.Tensor, pruned: int) -> torch.Tensor:
        del ctx
        kept = torch.ones_like(scores)
        kept[torch.argsort(scores, stable=True)[:pruned]] = 0
        return kept

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None]:
        del ctx
        return gradients[0], None


def test_it_is_straight_through_training_of_scores(tmp_path: Path) -> None:
    """Scores to a millionth of their unit, equal masks, and neither is the magnitude mask; the
    gradient is clipped in every step, and pruned weights have one.
    """
    at = given(tmp_path)
    weights = {name: torch.from_numpy(each) for name, each in at.prunable_weights.items()}
    theta = torch.cat([each.flatten() for each in weights.values()])
    pruned = pruned_count(SPARSITY, theta.numel())
    scores = (2 * float(PHI) * Highest.apply(theta.abs(), pruned)).requires_grad_()
    start = scores.detach().clone()
    optimizer = torch.optim.AdamW([scores], lr=RATE, eps=EPSILON, weight_decay=0)
    for step, (theirs, batch) in enumerate(padded_steps(at, STEPS)):
        effective = (theta * Highest.apply(scores, pruned)).split(
            [w.numel() for w in weights.values()]
        )
        values = {
            f"bert.{name}": part.view_as(weights[name])
            for name, part in zip(weights, effective, strict=True)
        }
        optimizer.zero_grad()
        functional_call(theirs, values, kwargs=dict(batch)).loss.backward()
        assert torch.nn.utils.clip_grad_norm_([scores], CLIP) > CLIP
        assert scores.grad is not None
        assert (scores.grad[start == 0] != 0).float().mean() > 0.5
        optimizer.param_groups[0]["lr"] = RATE * (1 - step / STEPS)
        optimizer.step()

    learned = CRITERION.scores(at)
    found = find(CRITERION, "global", at)

    assert np.abs(flat(learned) - scores.detach().numpy()).max() < 1e-6 * PHI + 1e-7
    wanted = Highest.apply(scores.detach(), pruned).numpy().astype(bool)
    assert np.array_equal(flat(found.kept), wanted)
    assert found.pruned == pruned
    assert np.count_nonzero(wanted != (start > 0).numpy()) > 0.02 * wanted.size


def test_without_steps_it_is_the_magnitude_mask(tmp_path: Path) -> None:
    """Bit for bit."""
    untrained = find(CRITERION, "global", given(tmp_path, batches=0))

    assert untrained == find(load_criterion("magnitude"), "global", given(tmp_path))


def test_on_mlm_the_mask_lowers_the_pretrained_heads_loss(tmp_path: Path) -> None:
    """On the batches that it was trained on; the pooler, which MLM does not use, learns nothing."""
    at = given(tmp_path, head="mlm", batches=40, clip_norm=1.0)
    found = find(CRITERION, "global", at)
    start = find(load_criterion("magnitude"), "global", at)
    pooler = CRITERION.scores(at)["pooler.dense.weight"]

    assert found.pruned == start.pruned == pruned_count(SPARSITY, start.prunable.size)
    assert np.array_equal(pooler, 2 * PHI * start.kept["pooler.dense.weight"])
    assert loss(at, found) < loss(at, start) - 0.05


def test_masks_of_two_sparsities_are_each_trained(tmp_path: Path) -> None:
    """The sparser one keeps weights that the other one prunes: they are not nested."""
    at = given(tmp_path, batches=20)
    denser = find(CRITERION, "global", inputs_at(at, Fraction(1, 2)))

    assert not find(CRITERION, "global", at).within(denser)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_it_gives_the_same_bits_again(tmp_path: Path, precision: str) -> None:
    """On one device with one number of threads."""
    at = given(tmp_path)
    at = inputs_at(at, at.sparsity, precision=precision)

    assert find(CRITERION, "global", at) == find(CRITERION, "global", at)


def inputs_at(at: Inputs, sparsity: Fraction, **own: str) -> Inputs:
    """The same with another sparsity, or other parameters."""
    return replace(at, sparsity=sparsity, parameters={**at.parameters, **own})


def flat(arrays: Scores | Any) -> np.ndarray[Any, Any]:
    """All values, in the prunable set's order."""
    return np.concatenate([each.ravel() for each in arrays.values()])


def loss(at: Inputs, mask: Mask) -> float:
    """The mean loss on the first batches, of theta_0 under a mask."""
    with reserved_device(at) as (encoded, model):
        network, batches = first_batches(at, encoded, model, mask)
        return float(np.mean([network.loss(batch, NONE).item() for batch in batches]))
