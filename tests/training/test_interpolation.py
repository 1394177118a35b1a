"""Networks between two trainings' ends: the ends are the trainings' own, to the bit."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from torch.nn import functional as F

import tiny_bert
from tickets import architecture, canonical, masks, provenance, ticket, weights
from tickets.criteria.random import draw
from tickets.data.masking import IGNORED, hide
from tickets.encoded import Encoded
from tickets.initial import pretrained
from tickets.model.dropout import Dropout
from tickets.scores.scoring import score
from tickets.training import loop, stepping
from tickets.training.interpolation import ALPHAS, interpolate, mean_loss, network_of
from tickets.training.loop import initial_head, train
from tickets.training.recipe import Recipe
from tickets.weights import prunable_of, rewind
from tiny_trainings import ENVIRONMENT

SCRIPTS = Path(provenance.__file__).parents[1]
RECIPE = Recipe(epochs=2, steps=None, batch_size=8, learning_rate=5e-3, dropout=0.1)
HEADS = {"classification": "accuracy", "regression": "pearson", "mlm": "masked_accuracy"}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_bert.model(tmp_path_factory.mktemp("model"))


def state(path: Path, facts: dict[str, Any] | None = None) -> Path:
    """A statement beside a file that no rule has made."""
    started = provenance.now()
    provenance.write(path, rule="toy", parameters={}, dependencies={}, facts=facts, started=started)
    return path


def validation(head: str) -> tuple[Encoded, pa.Table]:
    """Texts to evaluate on, of MLM with a part of the words hidden."""
    encoded = tiny_bert.texts(12, head, seed=1)
    if head == "mlm":
        tokens, labels = hide(
            encoded.tokens,
            encoded.offsets,
            encoded.tokens > 4,
            probability=0.3,
            mask_id=4,
            vocabulary=tiny_bert.VOCABULARY,
            seed=1,
        )
        encoded = replace(encoded, tokens=tokens, columns={"labels": labels})
    return encoded, pa.table({"id": [str(row) for row in range(12)]})


def run(script: str, **given: object) -> None:
    """An entry point, with these flags."""
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in given.items()]
    command = [sys.executable, str(SCRIPTS / f"{script}.py"), *flags]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("head", HEADS)
def test_the_ends_are_the_trainings_own_to_the_bit(head: str, model: Path, tmp_path: Path) -> None:
    """Both trained by the command, in two orders; their predictions score what the line's first
    and last rows say. Between them pruned weights stay zero, and the middle is the mean.
    """
    theta = pretrained.read(model)
    mask = draw(prunable_of(theta), Fraction(1, 2), seed=1)
    weights.write(tmp_path / "theta.safetensors", theta)
    masks.write(tmp_path / "mask.safetensors", mask)
    encoded, data = validation(head)
    tiny_bert.texts(30, head).write(tmp_path / "train.arrow")
    encoded.write(tmp_path / "validation.arrow")
    canonical.write(tmp_path / "data.parquet", data)
    for file in ("theta.safetensors", "train.arrow", "validation.arrow", "data.parquet"):
        state(tmp_path / file)
    state(tmp_path / "mask.safetensors", masks.facts(mask))
    made = tmp_path / "ticket.json"
    ticket.write(made, tmp_path / "theta.safetensors", tmp_path / "mask.safetensors")
    state(made)
    labels = 2 if head == "classification" else 1
    where = {"validation": tmp_path / "validation.arrow", "data": tmp_path / "data.parquet"}
    where["model"] = model
    ends = [tmp_path / f"order-{order}.safetensors" for order in (1, 2)]

    for earlier, end in enumerate(ends):
        run(
            "train",
            **{"ticket": made, "theta": tmp_path / "theta.safetensors"},
            **{"mask": tmp_path / "mask.safetensors", "train": tmp_path / "train.arrow"},
            **{"trained": end, "predictions": end.with_suffix(".parquet")},
            **{"checkpoints": tmp_path / f"checkpoints-{earlier}"},
            **{"task": "toy", "head": head, "labels": labels, "seed": 1, "threads": 1},
            **{"epochs": 2, "batch_size": 8, "learning_rate": 5e-3, "dropout": 0.1},
            **{"earlier_trainings": earlier},
            **where,
        )
    run(
        "interpolate",
        **{"first": ends[0], "second": ends[1], "line": tmp_path / "line.parquet"},
        **{"task": "toy", "head": head, "metric": HEADS[head], "precision": "float32"},
        **{"threads": 1},
        **where,
    )

    line = canonical.read(tmp_path / "line.parquet")
    assert line.column_names == ["alpha", "loss", HEADS[head]]
    assert line["alpha"].to_pylist() == list(ALPHAS)
    own = [
        score([HEADS[head]], canonical.read(end.with_suffix(".parquet")))[HEADS[head]]
        for end in ends
    ]
    assert line[HEADS[head]].to_pylist()[:: len(ALPHAS) - 1] == own
    first, second = map(weights.read, ends)
    query = "encoder.layer.0.attention.self.query.weight"
    assert not np.array_equal(first[query], second[query])
    middle = interpolate(first, second, 0.5)
    for name, value in middle.items():
        assert value.dtype == np.float32
        np.testing.assert_array_equal(value, (first[name] + second[name]) / 2)
    for alpha in ALPHAS:
        between = interpolate(first, second, alpha)
        assert all(not between[name][~kept].any() for name, kept in mask.kept.items())
    assert all(np.array_equal(interpolate(first, second, 0)[n], first[n]) for n in middle)
    assert all(np.array_equal(interpolate(first, second, 1)[n], second[n]) for n in middle)
    stated = provenance.statement(tmp_path / "line.parquet")
    assert stated.dependencies.keys() >= {"first", "second", "validation", "data", "configuration"}


def losses_by_hand(head: str, model: Path) -> tuple[float, float]:
    """`mean_loss`, and the loss of each text alone, summed with numpy's float64."""
    known = architecture.read(model)
    theta, gamma = initial_head(
        pretrained.read(model), known, head=head, labels=3, seed=1, task="toy"
    )
    network = network_of(
        {**theta, **{f"head.{name}": value for name, value in gamma.items()}},
        *(known, head, torch.float32),
    )
    encoded = validation(head)[0]
    each: list[float] = []
    for row in range(len(encoded)):
        packed = loop.pack(encoded, np.array([row]))
        tokens = encoded.tokens[packed.source]
        words = encoded.columns["labels"][packed.source] if head == "mlm" else None
        batch = network.batch(encoded, packed, tokens, words=words, training=True)
        assert batch.target is not None
        with torch.inference_mode():
            if head == "span":
                scores, target = network.edges(batch)[:, 0], batch.target
            elif head == "mlm":
                scores, target = network.words(batch), batch.target
            else:
                scores, target = network.answers(batch), batch.target
            if head == "regression":
                each.append(float((scores[0, 0] - target[0]) ** 2))
                continue
            shares = F.log_softmax(scores.double(), dim=-1)
            each += [-float(shares[i, t]) for i, t in enumerate(target) if t != IGNORED]
    return mean_loss(network, encoded), float(np.mean(each))


@pytest.mark.parametrize("head", ["classification", "regression", "span", "mlm"])
def test_the_loss_is_a_mean_over_the_whole_split(
    head: str, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of examples, hidden words, or first and last tokens alike, whatever batches they come in."""
    monkeypatch.setattr("tickets.training.evaluation.TOKENS", 40)
    found, expected = losses_by_hand(head, model)

    assert found == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("head", ["classification", "mlm"])
def test_another_order_changes_the_batches_and_nothing_else(
    head: str, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same head at the start and the same dropout in each step; other texts, other words
    hidden, and in each epoch every text once.
    """
    drawn: list[int] = []
    chosen: list[tuple[int, ...]] = []

    def dropout(rates: Any, seed: int, device: torch.device) -> Dropout:
        drawn.append(seed)
        return Dropout(rates, seed, device)

    def pack(original: Callable[..., Any], encoded: Encoded, examples: Any, width: Any) -> Any:
        chosen.append(tuple(examples))
        return original(encoded, examples, width)

    monkeypatch.setattr(stepping, "Dropout", dropout)
    original = loop.pack
    monkeypatch.setattr(loop, "pack", lambda *given: pack(original, *given))
    theta = pretrained.read(model)
    mask = draw(prunable_of(theta), Fraction(1, 2), seed=1)
    known = architecture.read(model)
    runs: list[tuple[list[int], list[tuple[int, ...]], Any, list[float]]] = []
    for earlier in (0, 1):
        encoder, gamma = initial_head(
            rewind(theta, mask), known, head=head, labels=2, seed=1, task="toy"
        )
        recipe = replace(RECIPE, earlier_trainings=earlier)
        result = train(
            *(encoder, gamma, mask, tiny_bert.texts(30, head), known, recipe), head=head, seed=1
        )
        runs.append((drawn[:], chosen[:], gamma, result.losses))
        drawn.clear()
        chosen.clear()

    (seeds, batches, gamma, losses), (seeds_2, batches_2, gamma_2, losses_2) = runs
    assert len(seeds) == len(batches) == 8
    assert seeds == seeds_2
    assert all(np.array_equal(value, gamma_2[name]) for name, value in gamma.items())
    assert not {batches[step] == batches_2[step] for step in range(8)} & {True}
    for epoch in (batches[:4], batches[4:], batches_2[:4], batches_2[4:]):
        assert sorted(row for batch in epoch for row in batch) == list(range(30))
    assert losses != losses_2
