"""Is a training exact on this device? Compared on one kind of task, from one ticket.

Float32 and bfloat16 without dropout: losses of the first steps. Bfloat16 with dropout: all bits.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

import engine_data
import engine_hooks
from engine_batches import examples, hidden, padded
from engine_job import EngineJob
from engine_model import CONFIGS
from tickets import architecture
from tickets.criteria.random import draw
from tickets.initial import initialisation, pretraining
from tickets.model import device
from tickets.model.batches import choose_examples
from tickets.training import loop
from tickets.training.checkpoints import Checkpoints
from tickets.training.graphs import Graphs
from tickets.training.loop import Trained
from tickets.training.recipe import Recipe
from tickets.training.saving import Saving
from tickets.weights import prunable_of, rewind

SEED, LABELS, EXAMPLES, MEAN = 1, 2, 640, 40
SPARSITY = Fraction(3, 4)
SPECIAL = range(5)  # word pieces: padding, unknown, the two ends, hidden


def compare(job: EngineJob) -> dict[str, Any]:
    """Train on the kind of task `job.task` in every way, `job.steps` steps each.

    The largest relative differences of losses over the first `job.warm` steps: in float32 from
    transformers' padded model under torch's pruning hooks ("padded"), and of bfloat16 from float32
    ("bf16"). What holds to the last bit ("same"), and the number of recorded graphs.
    """
    device.prepare(job.threads)
    recipe = Recipe(epochs=None, steps=job.steps, batch_size=32, learning_rate=1e-3)
    precise = replace(recipe, steps=job.warm, dropout=0.0)
    rounded = replace(recipe, precision="bfloat16")
    eager = replace(rounded, speedups=[each for each in recipe.speedups if each != "graphs"])
    with tempfile.TemporaryDirectory() as folder:
        trainings = Trainings(job.task, Path(folder), job.model)
        exact = trainings.train(precise).losses
        with mock.patch.object(
            Graphs, "_record", autospec=True, side_effect=Graphs._record
        ) as record:
            first = trainings.train(rounded)
        graphs = record.call_count
        alive = [first.theta[name][~kept] for name, kept in trainings.mask.kept.items()]
        return {
            "padded": difference(exact, trainings.padded_losses(precise)),
            "bf16": difference(
                trainings.train(replace(precise, precision="bfloat16")).losses, exact
            ),
            "same": {
                "twice": equal(first, trainings.train(rounded)),
                "eager": equal(first, trainings.train(eager)),
                "resumed": equal(first, trainings.resumed(rounded, Path(folder) / "checkpoints")),
                "pruned": not any(np.any(values) for values in alive),
            },
            "graphs": graphs,
        }


class Trainings:
    """Trainings of a BERT with random weights on one kind of task, all from the same ticket."""

    def __init__(self, head: str, folder: Path, model: str) -> None:
        config = CONFIGS[model]
        config.save_pretrained(folder)
        self.head, self.folder, self.encoder = head, folder, architecture.read(folder)
        shapes = pretraining.shapes(self.encoder, next_sentence=False)
        scale = 0.8 / config.hidden_size**0.5  # large enough that a wrong mask shows in the losses
        weights = initialisation.draw(shapes, SEED, "exactness", scale)
        self.mask = draw(prunable_of(weights), SPARSITY, SEED)
        self.theta, self.gamma = loop.initial_head(
            rewind(weights, self.mask),
            self.encoder,
            head=head,
            labels=LABELS,
            seed=SEED,
            task="exactness",
        )
        longest = 128
        self.encoded = engine_data.texts(
            engine_data.lengths(MEAN, longest, EXAMPLES, SEED),
            np.arange(len(SPECIAL), config.vocab_size),
            (2, 3),
            {
                "head": head,
                "vocab_size": config.vocab_size,
                "mask_id": 4,
                "pad_id": 0,
                "special_ids": [*SPECIAL],
                "max_length": longest,
            },
            labels=LABELS,
            seed=SEED,
        )

    def train(self, recipe: Recipe, **options: Any) -> Trained:
        """Train by `recipe`."""
        return loop.train(
            self.theta,
            self.gamma,
            self.mask,
            self.encoded,
            self.encoder,
            recipe,
            head=self.head,
            seed=SEED,
            **options,
        )

    def resumed(self, recipe: Recipe, folder: Path) -> Trained:
        """Train half-way, then resume from the checkpoint."""
        saving = Saving(checkpoints=Checkpoints(folder, {"of": self.head}), minutes=0)
        self.train(recipe, last_step=recipe.total_steps(len(self.encoded)) // 2, saving=saving)
        return self.train(recipe, saving=replace(saving, minutes=60))

    def padded_losses(self, recipe: Recipe) -> list[float]:
        """The losses of transformers' padded model under torch's pruning hooks, in float32."""
        torch.set_deterministic_debug_mode("default")  # its kernels need not be deterministic
        labels = 1 if self.head == "regression" else LABELS
        model = engine_hooks.filled(self.folder, self.head, labels, self.theta, self.gamma)
        engine_hooks.hook(model, self.mask)
        model.to(device.best_device()).eval()  # without dropout
        optimizer = torch.optim.AdamW(
            model.parameters(), lr=1.0, eps=recipe.adam_epsilon, weight_decay=0.0
        )
        losses: list[Tensor] = []
        total = recipe.total_steps(len(self.encoded))
        for step in range(total):
            optimizer.param_groups[0]["lr"] = recipe.rate(step, total)
            batch = {name: value.to(model.device) for name, value in self._batch(step, recipe)}
            loss = padded_loss(model, batch)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), recipe.clip_norm)
            optimizer.step()
            losses.append(loss.detach())
        torch.set_deterministic_debug_mode("error")
        return torch.stack(losses).tolist()

    def _batch(self, step: int, recipe: Recipe) -> Any:
        rows = choose_examples(len(self.encoded), recipe.batch_size, SEED, step)
        if self.head == "mlm":
            vocabulary = self.encoder.vocabulary
            chosen = hidden(self.encoded, rows, vocabulary=vocabulary, seed=SEED, step=step)
        else:
            chosen = examples(self.encoded, rows)
        return padded(chosen, self.encoded).items()


def padded_loss(model: Any, batch: dict[str, Tensor]) -> Tensor:
    """The model's own loss, but of a span without the scores of padding: it is no answer."""
    found = model(**batch)
    if "start_positions" not in batch:
        return found.loss
    outside = batch["attention_mask"] == 0
    first, last = (
        F.cross_entropy(scores.masked_fill(outside, -torch.inf), batch[f"{edge}_positions"])
        for edge, scores in (("start", found.start_logits), ("end", found.end_logits))
    )
    return (first + last) / 2


def difference(losses: Sequence[float], expected: Sequence[float]) -> float:
    """The largest relative difference."""
    one, other = np.array(losses), np.array(expected)
    return float(np.max(np.abs(one - other) / np.abs(other)))


def equal(one: Trained, other: Trained) -> bool:
    """Whether two trainings had the same losses and final weights, bit by bit."""
    pairs = [*zip(one.theta.items(), other.theta.items(), strict=True)]
    pairs += zip(one.gamma.items(), other.gamma.items(), strict=True)
    return one.losses == other.losses and all(
        name == its_name and np.array_equal(value, its_value)
        for (name, value), (its_name, its_value) in pairs
    )
