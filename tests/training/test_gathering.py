"""Movement gathered in a training: a straight-line loop of torch's, bits, and being stopped."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch

import tiny_bert
from criteria_on_data import BATCH, EXAMPLES, inputs, padded_steps
from tickets import architecture
from tickets.criteria.random import draw
from tickets.criterion import Inputs
from tickets.errors import Interrupted
from tickets.masks import Mask
from tickets.training.checkpoints import Checkpoints
from tickets.training.interruption import StopRequest
from tickets.training.loop import Trained, initial_head, train
from tickets.training.movement import Movement
from tickets.training.recipe import Recipe
from tickets.training.saving import Saving
from tickets.weights import prunable_of, rewind

STEPS = 5
CLIP_NORM = 0.05  # below every gradient's norm
Scores = dict[str, np.ndarray]


def recipe(learning_rate: float = 0.01, dropout: float | None = 0.0) -> Recipe:
    return Recipe(
        epochs=None,
        steps=STEPS,
        batch_size=BATCH,
        learning_rate=learning_rate,
        dropout=dropout,
        adam_epsilon=1e-4,
        clip_norm=CLIP_NORM,
    )


def half(given: Inputs) -> Mask:
    return draw(prunable_of(given.weights), Fraction("1/2"), seed=1)


def trained(
    given: Inputs,
    settings: Recipe,
    movement: Movement | None,
    head: str = "classification",
    saving: Saving | None = None,
    stop: StopRequest | None = None,
) -> Trained:
    """The ticket of half of the weights, trained."""
    mask, known = half(given), architecture.read(given.files["model"])
    ticket = rewind(given.weights, mask)
    theta, gamma = initial_head(ticket, known, head=head, labels=2, seed=1, task="toy")
    return train(
        theta,
        gamma,
        mask,
        tiny_bert.texts(EXAMPLES, head),
        known,
        settings,
        head=head,
        seed=1,
        observer=movement,
        saving=saving,
        stop=stop,
    )


def gathered(given: Inputs, settings: Recipe, head: str = "classification") -> Scores:
    movement = Movement(half(given).prunable.shapes)
    trained(given, settings, movement, head)
    return movement.scores()


def summed_by_torch(given: Inputs, learning_rate: float) -> Scores:
    """The same by torch's autograd and AdamW on transformers' model, weights pruned by hand."""
    mask = half(given)
    total = {name: np.zeros(kept.shape) for name, kept in mask.kept.items()}
    optimizer = None
    for step, (theirs, batch) in enumerate(padded_steps(given, STEPS, mask)):
        if optimizer is None:
            optimizer = torch.optim.AdamW(theirs.parameters(), eps=1e-4, weight_decay=0)
        optimizer.zero_grad()
        theirs(**batch).loss.backward()
        for name, score in total.items():
            weight = theirs.bert.get_parameter(name)
            assert weight.grad is not None
            weight.grad *= torch.from_numpy(mask.kept[name])
            score -= (weight * weight.grad).detach().numpy()
        norm = torch.nn.utils.clip_grad_norm_(theirs.parameters(), CLIP_NORM)
        assert norm > CLIP_NORM
        optimizer.param_groups[0]["lr"] = learning_rate * (STEPS - step) / STEPS
        optimizer.step()
    return {name: score.astype(np.float32) for name, score in total.items()}


def test_the_scores_are_those_of_a_loop_by_hand(tmp_path: Path) -> None:
    """Under a mask; each step's gradient counts where that step found the weights, not clipped."""
    given = inputs(tmp_path)
    expected, at_rest = summed_by_torch(given, 0.01), summed_by_torch(given, 0)

    found = gathered(given, recipe())

    assert found.keys() == expected.keys()
    for name, values in expected.items():
        largest = np.abs(values).max()
        assert found[name].dtype == np.float32
        assert np.abs(found[name] - values).max() < 1e-3 * largest
        assert np.abs(at_rest[name] - values).max() > 0.1 * largest
        assert found[name].min() < 0 < found[name].max()


@pytest.mark.parametrize("head", ["classification", "span", "mlm"])
def test_only_weights_that_take_part_have_a_score(tmp_path: Path, head: str) -> None:
    """Not what is pruned; nor the pooler, where the head does not read it."""
    given = inputs(tmp_path, head=head)

    found = gathered(given, recipe(dropout=None), head)

    for name, kept in half(given).kept.items():
        is_read = head == "classification" or not name.startswith("pooler")
        assert not found[name][~kept].any()
        assert (found[name][kept] != 0).mean() > 0.9 if is_read else not found[name].any()


def test_the_training_is_the_same_to_the_bit(tmp_path: Path) -> None:
    """With dropout."""
    given, settings = inputs(tmp_path), recipe(dropout=None)
    movement = Movement(half(given).prunable.shapes)
    observed = trained(given, settings, movement)
    before = gathered(given, settings)

    plain = trained(given, settings, None)

    assert observed.losses == plain.losses
    for one, other in ((observed.theta, plain.theta), (observed.gamma, plain.gamma)):
        assert all(one[name].tobytes() == other[name].tobytes() for name in other)
    assert all(np.array_equal(movement.scores()[name], before[name]) for name in before)


class StopAfter(StopRequest):
    """Asks a training to stop after so many steps."""

    def __init__(self, steps: int) -> None:
        self._left = steps

    @property
    def signal(self) -> str | None:  # type: ignore[override]
        self._left -= 1
        return None if self._left else "SIGTERM"


@pytest.mark.parametrize("steps", [1, 3, STEPS - 1])
def test_what_was_gathered_outlives_a_stop(tmp_path: Path, steps: int) -> None:
    """The training goes on, and so does the sum, to the bits of one that was never stopped."""
    given, settings = inputs(tmp_path), recipe(dropout=None)
    checkpoints = Checkpoints(tmp_path / "checkpoints", {})
    (tmp_path / "checkpoints").mkdir()
    saving = Saving(checkpoints=checkpoints, minutes=1000)
    first, second = (Movement(half(given).prunable.shapes) for _ in range(2))
    with pytest.raises(Interrupted):
        trained(given, settings, first, saving=saving, stop=StopAfter(steps))

    trained(given, settings, second, saving=saving)

    whole = gathered(given, settings)
    for name, values in second.scores().items():
        assert values.tobytes() == whole[name].tobytes()
        assert not np.array_equal(values, first.scores()[name])
