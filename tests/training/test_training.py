"""Training under a mask, against torch's pruning hooks and by what may never happen."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn.utils import prune
from transformers import BertForSequenceClassification

import tiny_bert
from tickets import architecture
from tickets.criteria.random import draw
from tickets.errors import Diverged
from tickets.initial import pretrained
from tickets.masks import Mask
from tickets.model.batches import choose_examples
from tickets.model.device import product_dtype
from tickets.model.encoder import WORDS
from tickets.training.loop import Trained, initial_head, train
from tickets.training.recipe import SPEEDUPS, Recipe
from tickets.weights import prunable_of, rewind

RECIPE = Recipe(epochs=3, steps=None, batch_size=8, learning_rate=5e-3, dropout=0.0, clip_norm=0.3)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_bert.model(tmp_path_factory.mktemp("model"))


def ticket(model: Path, sparsity: str = "1/2") -> tuple[dict[str, np.ndarray], Mask]:
    theta = pretrained.read(model)
    mask = draw(prunable_of(theta), Fraction(sparsity), seed=1)
    return rewind(theta, mask), mask


def trained(model: Path, head: str, recipe: Recipe = RECIPE, **steps: int) -> Trained:
    weights, mask = ticket(model)
    known = architecture.read(model)
    theta, gamma = initial_head(weights, known, head=head, labels=2, seed=1, task="toy")
    return train(
        theta, gamma, mask, tiny_bert.texts(30, head), known, recipe, head=head, seed=1, **steps
    )


def test_the_loss_curve_is_that_of_torchs_pruning_hooks(model: Path) -> None:
    """A padded model under torch.nn.utils.prune, clipping active: the same losses, and
    the same weights at the end, word embeddings that never occur included.
    """
    weights, mask = ticket(model)
    known = architecture.read(model)
    theta, gamma = initial_head(weights, known, head="classification", labels=2, seed=1, task="toy")
    encoded = tiny_bert.texts(30, "classification")
    ours = trained(model, "classification")

    theirs = BertForSequenceClassification.from_pretrained(model, dtype=torch.float32).eval()
    theirs.classifier.weight.data = torch.from_numpy(gamma["output.weight"].copy())
    theirs.classifier.bias.data = torch.from_numpy(gamma["output.bias"].copy())
    for name, kept in mask.kept.items():
        module = theirs.bert.get_submodule(name.removesuffix(".weight"))
        prune.custom_from_mask(module, "weight", torch.from_numpy(kept))
    optimizer = torch.optim.AdamW(theirs.parameters(), lr=1.0, eps=1e-8, weight_decay=0.0)
    losses, clipped = [], 0
    total = RECIPE.total_steps(len(encoded))
    for step in range(total):
        optimizer.param_groups[0]["lr"] = 5e-3 * (total - step) / total
        examples = choose_examples(len(encoded), 8, 1, step)
        lengths = np.diff(encoded.offsets)[examples]
        ids = torch.zeros(len(examples), lengths.max(), dtype=torch.long)
        seen = torch.zeros_like(ids)
        for row, example in enumerate(examples):
            text = encoded.tokens[encoded.offsets[example] : encoded.offsets[example + 1]]
            ids[row, : len(text)] = torch.from_numpy(text)
            seen[row, : len(text)] = 1
        labels = torch.from_numpy(encoded.columns["label"][examples].astype(np.int64))
        optimizer.zero_grad()
        loss = theirs(input_ids=ids, attention_mask=seen, labels=labels).loss
        loss.backward()
        clipped += torch.nn.utils.clip_grad_norm_(theirs.parameters(), 0.3) > 0.3
        optimizer.step()
        losses.append(loss.item())

    assert total == 12
    assert clipped > total / 2
    np.testing.assert_allclose(ours.losses, losses, rtol=1e-4)
    with torch.no_grad():
        theirs(input_ids=ids, attention_mask=seen)  # lets the hooks set the masked weights
    for name, value in ours.theta.items():
        if name.endswith("self.key.bias"):
            continue  # attention does not depend on it: AdamW makes steps of rounding noise
        parent = theirs.bert.get_submodule(name.rpartition(".")[0])
        expected = getattr(parent, name.rpartition(".")[2]).detach().numpy()
        np.testing.assert_allclose(value, expected, rtol=2e-3, atol=2e-4, err_msg=name)
    assert WORDS in ours.theta
    assert not np.array_equal(ours.theta[WORDS], theta[WORDS])


HEADS = ("classification", "regression", "span", "mlm")


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("left_out", SPEEDUPS)
def test_speedups_change_nothing_but_rounding(model: Path, head: str, left_out: str) -> None:
    """Each one left out, dropout off: the loss curve to 1e-5, the weights to 1e-4 of their size."""
    fast = trained(model, head)
    plain = trained(model, head, replace(RECIPE, speedups=[s for s in SPEEDUPS if s != left_out]))

    np.testing.assert_allclose(fast.losses, plain.losses, rtol=1e-5)
    # The loss does not depend on these: AdamW makes steps of rounding noise there.
    noise = ("self.key.bias", *(("layer.1.output.LayerNorm.bias",) if head == "span" else ()))
    for name, value in plain.theta.items():
        if not name.endswith(noise):
            np.testing.assert_allclose(fast.theta[name], value, rtol=1e-3, atol=2e-4, err_msg=name)


@pytest.mark.skipif(product_dtype("bfloat16") != torch.bfloat16, reason="no bfloat16 instructions")
@pytest.mark.parametrize("head", HEADS)
def test_bfloat16_is_close(model: Path, head: str) -> None:
    """Products in bfloat16: the loss curve within two per cent, weights stay float32."""
    exact, fast = trained(model, head), trained(model, head, replace(RECIPE, precision="bfloat16"))

    np.testing.assert_allclose(fast.losses, exact.losses, rtol=2e-2)
    assert fast.losses != exact.losses
    assert all(value.dtype == np.float32 for value in fast.theta.values())
    assert all(not fast.theta[name][~kept].any() for name, kept in ticket(model)[1].kept.items())


@pytest.mark.parametrize("head", HEADS)
def test_pruned_weights_are_zero_at_every_step(model: Path, head: str) -> None:
    """After each single step, for every head, pruned weights are exactly zero and others move."""
    _, mask = ticket(model)
    for last in range(1, 6):
        result = trained(model, head, replace(RECIPE, dropout=None), last_step=last)
        assert len(result.losses) == last
        for name, kept in mask.kept.items():
            assert not result.theta[name][~kept].any()
            assert result.theta[name][kept].all()


def test_the_same_seed_gives_the_same_bits(model: Path) -> None:
    """Twice the same training, dropout on: equal weights; another seed: others."""
    recipe = replace(RECIPE, dropout=None)
    one, again = (trained(model, "classification", recipe) for _ in range(2))

    assert one.losses == again.losses
    assert all(np.array_equal(one.theta[name], again.theta[name]) for name in one.theta)


def test_what_the_task_does_not_use_is_carried(model: Path) -> None:
    """MLM and span heads leave the pooler as the ticket has it; the encoder moves."""
    weights, _ = ticket(model)
    for head in ("mlm", "span"):
        result = trained(model, head)
        assert np.array_equal(result.theta["pooler.dense.weight"], weights["pooler.dense.weight"])
        name = "encoder.layer.0.output.dense.weight"
        assert not np.array_equal(result.theta[name], weights[name])


def test_a_network_learns(model: Path) -> None:
    """The loss of a learnable task falls by half within thirty epochs."""
    result = trained(model, "classification", replace(RECIPE, epochs=30, clip_norm=1.0))

    assert np.mean(result.losses[-10:]) < 0.5 * np.mean(result.losses[:10])


def test_the_rate_rises_to_its_peak_and_falls_to_zero() -> None:
    """Linear decay from the first step; with warm-up, a linear rise before it."""
    plain = Recipe(epochs=None, steps=4, batch_size=1, learning_rate=1.0)
    warm = replace(plain, steps=6, warmup_steps=2)

    assert [plain.rate(step, 4) for step in range(4)] == [1.0, 0.75, 0.5, 0.25]
    assert [warm.rate(step, 6) for step in range(6)] == [0.5, 1.0, 1.0, 0.75, 0.5, 0.25]


def test_the_rate_may_fall_as_in_the_first_of_several_trainings() -> None:
    """Ten rounds of four steps: the published code's schedule is as long as all of them, and each
    round begins it again.
    """
    rate = torch.optim.SGD([torch.zeros(1)], lr=40.0)
    schedule = torch.optim.lr_scheduler.LambdaLR(rate, lambda step: 1 - step / (10 * 4))
    published: list[float] = []
    for _ in range(4):
        published += schedule.get_last_lr()
        rate.step()
        schedule.step()

    ours = replace(RECIPE, learning_rate=40.0, rounds=10)
    assert [ours.rate(step, 4) for step in range(4)] == pytest.approx(published)
    assert published == pytest.approx([40, 39, 38, 37])


@pytest.mark.parametrize("head", ["mlm", "classification"])
def test_batches_may_be_those_after_earlier_trainings(model: Path, head: str) -> None:
    """The second training of four steps sees what a training of eight sees after its fourth, hidden
    words included.
    """
    still = replace(RECIPE, epochs=None, steps=8, learning_rate=0.0)
    eight = trained(model, head, still)
    second = trained(model, head, replace(still, steps=4, earlier_trainings=1))

    assert second.losses == eight.losses[4:] != eight.losses[:4]


def test_a_loss_that_is_no_number_stops_the_training(model: Path) -> None:
    """One line that names the step and the learning rate."""
    with pytest.raises(Diverged, match=r"step \d+ of 12 .*learning rate .*lower") as caught:
        trained(model, "regression", replace(RECIPE, learning_rate=1e30))

    assert "\n" not in str(caught.value)


def test_heads_are_drawn_by_seed_and_task(model: Path) -> None:
    """Another seed or another task is another head; MLM starts from the pre-trained one."""
    weights, _ = ticket(model)
    known = architecture.read(model)

    def head(seed: int, task: str, kind: str = "classification") -> dict[str, np.ndarray]:
        return dict(initial_head(weights, known, head=kind, labels=3, seed=seed, task=task)[1])

    assert head(1, "cola")["output.weight"].shape == (3, 16)
    assert np.array_equal(head(1, "cola")["output.weight"], head(1, "cola")["output.weight"])
    assert not np.array_equal(head(1, "cola")["output.weight"], head(2, "cola")["output.weight"])
    assert not np.array_equal(head(1, "cola")["output.weight"], head(1, "rte")["output.weight"])
    assert np.array_equal(head(1, "mlm", "mlm")["bias"], weights["pretrained_head.bias"])


def test_a_new_head_takes_the_place_of_the_tickets(model: Path) -> None:
    """A ticket made of a source's later weights brings its head; another task draws its own, as it
    would from theta_0, and MLM takes the pre-trained one.
    """
    weights, _ = ticket(model)
    later = {**weights, "head.output.weight": np.ones((5, 16), np.float32)}
    known = architecture.read(model)

    def head(start: dict[str, np.ndarray], kind: str, *, new: bool) -> dict[str, np.ndarray]:
        found = initial_head(start, known, head=kind, labels=3, seed=1, task="cola", new=new)
        assert found[0].keys() == {n for n in weights if not n.startswith("pretrained_head.")}
        return dict(found[1])

    assert head(later, "classification", new=False).keys() == {"output.weight"}
    fresh = head(later, "classification", new=True)
    for name, value in head(weights, "classification", new=False).items():
        assert np.array_equal(fresh[name], value)
    assert np.array_equal(head(later, "mlm", new=True)["bias"], weights["pretrained_head.bias"])
