"""Rounds as the paper's published code runs them (VITA-Group/BERT-Tickets, 4d8e035), on a toy.

Beside the study's own DAG, flags and engine stands the order of the published scripts, written
from their description: torch's pruning, a new AdamW and schedule in each round, weights copied
back.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import Module
from torch.nn.utils import prune
from transformers import BertForMaskedLM, BertForSequenceClassification

import tiny_bert
from studies import PUBLISHED
from tickets import architecture, masks
from tickets.criterion import Inputs, find, load_criterion
from tickets.data.masking import IGNORED
from tickets.design import flags
from tickets.design.config import Study, load
from tickets.design.dag import files_of_round
from tickets.encoded import Encoded
from tickets.finder import criterion_of
from tickets.flags import parse
from tickets.initial import pretrained
from tickets.masks import Mask
from tickets.model.batches import choose_examples, pack
from tickets.names import DENSE, THETA_0, MaskName, TrainingName, WeightsName, imp, theta_i
from tickets.paths import Results
from tickets.rules import train as rule
from tickets.training.loop import hide_words, initial_head, train
from tickets.weights import prunable_of, rewind

FILES = Results(root="results")
STEPS, BATCH, RATE, CLIP, ROUNDS = 6, 8, 5e-3, 1.0, 9
SPARSITIES = tuple(str(10 * number) for number in range(1, ROUNDS + 1))

Weights = Mapping[str, np.ndarray]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_bert.model(tmp_path_factory.mktemp("model"))


def published(**imp_changes: str) -> Study:
    length = {"steps": STEPS, "batch_size": BATCH, "learning_rate": RATE}
    return load(
        {
            "model": {"path": "a/bert", "revision": "0" * 40},
            "tasks": {"cola": length, "mlm": length},
            "target_sparsity": 0.9,
            "seeds": [1],
            "imp": {**PUBLISHED, **imp_changes},
            "training": {"dropout": 0.0, "clip_norm": CLIP},
        }
    )


def data(task: str) -> Encoded:
    return tiny_bert.texts(30, "mlm" if task == "mlm" else "classification")


class Ours:
    """The study's jobs behind a mask, run in memory: names, files and flags are the study's."""

    def __init__(self, study: Study, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.study, self.model, self.monkeypatch = study, architecture.read(model), monkeypatch
        self.theta_0 = pretrained.read(model)
        self.trained: dict[TrainingName, Weights] = {}

    def mask(self, name: MaskName) -> Mask:
        """Rules find_mask and prune."""
        if name == DENSE:
            return masks.dense(prunable_of(self.theta_0))
        decides = self.study.design.decided_by(name)
        assert name.fraction
        inputs = Inputs(
            weights=self.theta_0 if decides is None else self.train(decides),
            parent=self.mask(self.study.design.before(name)),
            sparsity=name.fraction,
        )
        criterion = load_criterion(criterion_of(name.finder))
        return find(criterion, self.study.imp.scope, inputs)

    def train(self, name: TrainingName) -> Weights:
        """Rule train, and the rules before it."""
        if name not in self.trained:
            task, words = self.study.tasks[name.task], ["--seed", str(name.seed)]
            recipe = shlex.split(flags.recipe(self.study, task, name))
            self.monkeypatch.setattr(sys, "argv", ["train.py", *recipe, *words])
            parameters = parse(None, rule.Parameters)
            mask = self.mask(name.mask)
            theta, gamma = initial_head(
                rewind(self.weights(name.weights), mask),
                self.model,
                head=task.head,
                labels=2,
                seed=1,
                task=task.name,
            )
            result = train(
                *(theta, gamma, mask, data(name.task), self.model, parameters),
                head=task.head,
                seed=1,
            )
            head = {f"head.{part}": value for part, value in result.gamma.items()}
            self.trained[name] = {**result.theta, **head}
        return self.trained[name]

    def weights(self, name: WeightsName) -> Weights:
        """Rule round_start, or theta_0."""
        if name == THETA_0:
            return self.theta_0
        made_from = files_of_round(FILES, self.study.design, name)
        start = dict(self.read(made_from["theta"]))
        if "head" in made_from:
            kept = self.read(made_from["head"])
            start |= {part: value for part, value in kept.items() if part.startswith("head.")}
        return start

    def read(self, file: str) -> Weights:
        if file == FILES.weights(theta_i("mlm", "0", 1)):
            return self.theta_0
        name = file.removeprefix("results/trained/").removesuffix(".safetensors")
        return self.train(TrainingName.parse(name))


class Theirs:
    """The published scripts' loop."""

    def __init__(self, network: Module, task: str) -> None:
        self.network, self.task = network, task
        self.names = list(prunable_of(pretrained_arrays(network)).shapes)
        self.modules = [
            (network.bert.get_submodule(name.removesuffix(".weight")), "weight")
            for name in self.names
        ]
        self.size = sum(module.weight.numel() for module, _ in self.modules)

    def prune(self) -> dict[str, np.ndarray]:
        """Prune a tenth of the original weights more, by magnitude over all matrices."""
        prune.global_unstructured(
            self.modules,
            pruning_method=prune.L1Unstructured,
            amount=round(0.1 * self.size * (1 + self.done)) - self.pruned,
        )
        self.done += 1
        return {
            name: module.weight_mask.numpy().astype(bool)
            for name, (module, _) in zip(self.names, self.modules, strict=True)
        }

    done = 0

    @property
    def pruned(self) -> int:
        return sum(
            int((module.weight_mask == 0).sum())
            for module, _ in self.modules
            if hasattr(module, "weight_mask")
        )

    def train(self, earlier: int) -> None:
        """A round: a new optimizer, and a new schedule as long as ten rounds."""
        optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=RATE, eps=1e-8, weight_decay=0.0
        )
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda step: 1 - step / (10 * STEPS)
        )
        for step in range(STEPS):
            optimizer.zero_grad()
            self.network(**self.inputs(earlier * STEPS + step)).loss.backward()
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), CLIP)
            optimizer.step()
            schedule.step()
        with torch.no_grad():
            self.network(**self.inputs(0))  # the evaluation: torch's hooks then mask the last step

    def inputs(self, step: int) -> dict[str, torch.Tensor]:
        encoded = data(self.task)
        examples = choose_examples(len(encoded), BATCH, 1, step)
        packed = pack(encoded, examples)
        tokens = encoded.tokens[packed.source]
        shape = packed.rows, packed.width
        if self.task == "mlm":
            tokens, words = hide_words(
                encoded,
                packed,
                probability=0.15,
                vocabulary=tiny_bert.VOCABULARY,
                seed=1,
                step=step,
            )
            labels = packed.lay_out(words, IGNORED).reshape(shape)
        else:
            labels = encoded.columns["label"][examples]
        seen = packed.lay_out(np.ones_like(tokens)).reshape(shape)
        arrays = {
            "input_ids": packed.lay_out(tokens).reshape(shape),
            "attention_mask": seen,
            "labels": labels,
        }
        return {name: torch.from_numpy(each.astype(np.int64)) for name, each in arrays.items()}


def pretrained_arrays(network: Module) -> Weights:
    return {name: value.numpy() for name, value in network.bert.state_dict().items()}


def test_glue_rounds_keep_the_head_and_rewind_the_encoder(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All nine masks, from a head that trains on through the rounds, at 90 to 100 % of the rate."""
    ours = Ours(published(), model, monkeypatch)
    network = BertForSequenceClassification.from_pretrained(model, dtype=torch.float32).eval()
    _, gamma = initial_head(
        ours.theta_0, ours.model, head="classification", labels=2, seed=1, task="cola"
    )
    network.classifier.weight.data = torch.from_numpy(gamma["output.weight"].copy())
    network.classifier.bias.data = torch.from_numpy(gamma["output.bias"].copy())
    theirs = Theirs(network, "cola")
    copied = {name: value.clone() for name, value in network.bert.state_dict().items()}

    for sparsity in SPARSITIES:
        theirs.train(earlier=0)
        expected = theirs.prune()
        with torch.no_grad():
            for name, value in network.bert.state_dict().items():
                if not name.endswith("_mask"):
                    value.copy_(copied[name.removesuffix("_orig")])
        assert_same(ours.mask(imp("cola", "0", 1, sparsity)), expected, sparsity)


def test_mlm_rounds_are_one_training_after_a_mask_of_theta_0(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first mask before any training; "rewinding" copies the weights onto themselves; the text
    goes on.
    """
    ours = Ours(published(), model, monkeypatch)
    network = BertForMaskedLM.from_pretrained(model, dtype=torch.float32).eval()
    network.bert.pooler = BertForSequenceClassification.from_pretrained(
        model, dtype=torch.float32
    ).bert.pooler
    theirs = Theirs(network, "mlm")

    for round_, sparsity in enumerate(SPARSITIES):
        expected = theirs.prune()
        assert_same(ours.mask(imp("mlm", "0", 1, sparsity)), expected, sparsity)
        theirs.train(earlier=round_)


@pytest.mark.parametrize(
    ("task", "papers"),
    [
        ("cola", {"head": "rewind"}),
        ("cola", {"decay": "round"}),
        ("mlm", {"first_mlm_mask": "trained"}),
        ("mlm", {"mlm_weights": "rewind"}),
        ("mlm", {"mlm_text": "same"}),
    ],
)
def test_each_choice_of_the_published_code_changes_masks(
    task: str, papers: dict[str, str], model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The paper's side of one key alone gives another mask by the third round."""
    third = imp(task, "0", 1, SPARSITIES[2])
    published_mask, other = (
        Ours(published(**changes), model, monkeypatch).mask(third) for changes in ({}, papers)
    )

    assert published_mask.digest != other.digest


def assert_same(ours: Mask, theirs: Mapping[str, np.ndarray], sparsity: str) -> None:
    for name, kept in theirs.items():
        np.testing.assert_array_equal(ours.kept[name], kept, err_msg=f"{name} at {sparsity} %")
