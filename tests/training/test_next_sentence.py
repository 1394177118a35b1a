"""Pre-training by MLM and next-sentence prediction, as transformers computes it, and its table."""

from __future__ import annotations

import csv
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from transformers import BertForPreTraining

import tiny_bert
from tickets import masks, provenance
from tickets.data.masking import IGNORED
from tickets.encoded import Encoded
from tickets.initial.pretraining import SPECIAL, Size, draw_weights, write_model, write_weights
from tickets.model.batches import pack
from tickets.model.dropout import NONE
from tickets.model.network import Network
from tickets.training.loop import initial_head, train
from tickets.training.recipe import Recipe
from tickets.training.validation import COLUMNS, Validation, hold_out
from tickets.weights import prunable_of
from tiny_trainings import ENVIRONMENT, HELPERS, SCRIPTS, Runner

PRETRAIN = SCRIPTS / "pretrain.py"
SIZE = Size(hidden_size=16, layers=2, heads=2, intermediate_size=24, positions=16)
WORDS = (*SPECIAL, *(f"word{number}" for number in range(len(SPECIAL), tiny_bert.VOCABULARY)))
PAIRS, STEPS = 64, 40
OUTPUTS = ("model.safetensors", "validation.csv")
RECIPE = Recipe(
    epochs=None, steps=STEPS, batch_size=8, learning_rate=5e-3, dropout=0.1, weight_decay=0.01
)


def text_of(pairs: int) -> Encoded:
    """Random texts in two segments, of which every third is labelled as drawn at random."""
    encoded = tiny_bert.texts(pairs, "mlm")
    lengths = np.diff(encoded.offsets)
    within = np.arange(encoded.tokens.size) - np.repeat(encoded.offsets[:-1], lengths)
    types = (within > np.repeat(lengths, lengths) // 2).astype(np.int8)
    label = (np.arange(pairs) % 3 == 0).astype(np.int32)
    return replace(encoded, types=types, columns={"label": label})


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    write_model(folder, SIZE, WORDS, next_sentence=True)
    return folder


def network_of(model: Path, scale: float = 20.0) -> Network:
    """A network before pre-training, with larger weights, so that a slip shows."""
    known, drawn = draw_weights(model, 1, next_sentence=True)
    drawn = {n: v * np.float32(scale) if v.ndim == 2 else v for n, v in drawn.items()}
    theta, gamma = initial_head(drawn, known, head="mlm", labels=0, seed=1, task="toy")
    write_weights(model / "model.safetensors", theta, gamma)
    return Network.of(theta, gamma, known, "pretraining", mask=masks.dense(prunable_of(theta)))


def test_the_loss_is_that_of_transformers(model: Path) -> None:
    """The sum of the means over hidden words and over pairs, and its gradients: packed rows here,
    padded ones there.
    """
    network, encoded = network_of(model), text_of(6)
    places = np.arange(encoded.tokens.size) % 4 == 1
    words = np.where(places, encoded.tokens, IGNORED)
    packed = pack(encoded, np.arange(6), 16)
    batch = network.batch(
        encoded, packed, encoded.tokens[packed.source], words=words[packed.source]
    )
    theirs = BertForPreTraining.from_pretrained(model, dtype=torch.float32).eval()
    texts, types, labels = (
        torch.nn.utils.rnn.pad_sequence(
            [torch.from_numpy(part.astype(np.int64)) for part in parts],
            batch_first=True,
            padding_value=filler,
        )
        for parts, filler in (
            (np.split(encoded.tokens, encoded.offsets[1:-1]), 0),
            (np.split(encoded.types, encoded.offsets[1:-1]), 0),
            (np.split(words, encoded.offsets[1:-1]), IGNORED),
        )
    )

    ours = network.loss(batch, NONE)
    network.backward(ours)
    expected = theirs(
        input_ids=texts,
        token_type_ids=types,
        attention_mask=(texts != 0).long(),
        labels=labels,
        next_sentence_label=torch.from_numpy(encoded.columns["label"].astype(np.int64)),
    ).loss
    expected.backward()

    assert ours.item() == pytest.approx(expected.item(), rel=1e-5)
    pairs = {
        "pooler.dense.weight": theirs.bert.pooler.dense.weight,
        "head.output.weight": theirs.cls.seq_relationship.weight,
        "head.dense.weight": theirs.cls.predictions.transform.dense.weight,
        "embeddings.word_embeddings.weight": theirs.bert.embeddings.word_embeddings.weight,
    }
    for name, value in pairs.items():
        assert value.grad is not None
        assert value.grad.abs().max() > 1e-3, name
        torch.testing.assert_close(
            network.parameters.grad_of(name), value.grad, rtol=1e-3, atol=1e-4
        )


def test_validation_counts_what_transformers_predicts(model: Path) -> None:
    """Losses and accuracies over all held-out pairs, which are none of those to train on."""
    network, corpus = network_of(model), text_of(PAIRS)
    rest, held = hold_out(corpus, 0.15)
    validation = Validation(held)

    validation.observe(network, STEPS, STEPS)
    theirs = BertForPreTraining.from_pretrained(model, dtype=torch.float32).eval()
    words: list[torch.Tensor] = []
    pairs: list[torch.Tensor] = []
    with torch.no_grad():
        for begin, end in zip(held.offsets, held.offsets[1:], strict=False):
            ids, types = (
                torch.from_numpy(a[begin:end].astype(np.int64))[None]
                for a in (held.tokens, held.types)
            )
            found = theirs(input_ids=ids, token_type_ids=types)
            words.append(found.prediction_logits[0])
            pairs.append(found.seq_relationship_logits[0])
    labels = torch.from_numpy(held.columns["labels"].astype(np.int64))
    hidden = labels != IGNORED
    expected = []
    for scores, target in (
        (torch.cat(words)[hidden], labels[hidden]),
        (torch.stack(pairs), torch.from_numpy(held.columns["label"].astype(np.int64))),
    ):
        right = (scores.argmax(1) == target).double().mean()
        expected += [torch.nn.functional.cross_entropy(scores, target).item(), 100 * right.item()]

    assert (len(rest), len(held)) == (PAIRS - 6, 6)
    assert np.array_equal(rest.tokens, corpus.tokens[: rest.offsets[-1]])
    assert np.array_equal(held.columns["label"], corpus.columns["label"][-6:])
    np.testing.assert_allclose(validation.seen(), [[STEPS, *expected]], rtol=1e-4)


def test_validation_changes_no_bit_of_a_training(model: Path) -> None:
    """With it and without it: the same losses and weights; twenty rows at equal distances."""
    known, drawn = draw_weights(model, 1, next_sentence=True)
    theta, gamma = initial_head(drawn, known, head="mlm", labels=0, seed=1, task="toy")
    dense = masks.dense(prunable_of(theta))
    corpus, held = hold_out(text_of(PAIRS), 0.15)
    validation = Validation(held)

    one, two = (
        train(
            theta,
            gamma,
            dense,
            corpus,
            known,
            RECIPE,
            head="pretraining",
            seed=1,
            observer=given,
        )
        for given in (None, validation)
    )

    assert one.losses == two.losses
    for name, value in one.theta.items():
        assert np.array_equal(value, two.theta[name]), name
    assert validation.seen()[:, 0].tolist() == list(range(2, STEPS + 1, 2))


def test_the_first_steps_are_mlm_alone(model: Path) -> None:
    """Until next-sentence prediction begins, losses are those of a training of MLM on the true
    pairs, without dropout and decay, to rounding: rows may be wider. The head's output layer stays
    as it was drawn.
    """
    known, drawn = draw_weights(model, 1, next_sentence=True)
    theta, gamma = initial_head(drawn, known, head="mlm", labels=0, seed=1, task="toy")
    dense, text = masks.dense(prunable_of(theta)), text_of(PAIRS)
    recipe = replace(RECIPE, steps=14, mlm_steps=10)
    mlm = replace(RECIPE, steps=10, dropout=0.0, weight_decay=0.0)
    true_pairs = text.take(np.flatnonzero(text.columns["label"] == 0))
    stopped, both = (
        train(theta, gamma, dense, text, known, recipe, head="pretraining", seed=1, last_step=last)
        for last in (10, 14)
    )
    alone = train(theta, gamma, dense, true_pairs, known, mlm, head="mlm", seed=1)

    assert both.losses[:10] == stopped.losses == pytest.approx(alone.losses, rel=1e-5)
    assert min(both.losses[10:]) > max(both.losses[5:10])  # the sum of two losses
    for name in ("output.weight", "output.bias"):
        assert np.array_equal(stopped.gamma[name], gamma[name])
        assert not np.array_equal(both.gamma[name], gamma[name])


def test_words_that_never_occur_decay_and_norms_do_not(model: Path) -> None:
    """At a rate of r an embedding without a gradient shrinks by 1 - 0.01 r a step."""
    known, drawn = draw_weights(model, 1, next_sentence=True)
    theta, gamma = initial_head(drawn, known, head="mlm", labels=0, seed=1, task="toy")
    recipe = replace(RECIPE, steps=3, weight_decay=0.5, mlm_probability=0.15)
    position = "embeddings.position_embeddings.weight"

    result = train(
        theta,
        gamma,
        masks.dense(prunable_of(theta)),
        text_of(PAIRS),
        known,
        recipe,
        head="pretraining",
        seed=1,
    )

    shrunk = np.prod([1 - 0.5 * recipe.rate(step, 3) for step in range(3)])
    unused = slice(12, None)  # texts have at most ten tokens
    np.testing.assert_allclose(
        result.theta[position][unused], theta[position][unused] * shrunk, rtol=1e-5
    )
    assert np.all(result.theta["embeddings.LayerNorm.weight"] > 1 - 4 * recipe.learning_rate)


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    command = [sys.executable, str(HELPERS / "crash_runner.py"), str(PRETRAIN)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT
    ) as process:
        yield Runner(process=process)


def flags_of(model: Path, corpus: Encoded, folder: Path) -> list[str]:
    folder.mkdir(parents=True)
    path = folder / "corpus.arrow"
    corpus.write(path)
    provenance.write(path, rule="toy", parameters={}, dependencies={}, started=provenance.now())
    named = {
        "model": model,
        "corpus": path,
        **dict(zip(("output", "validation"), (folder / name for name in OUTPUTS), strict=True)),
        "checkpoints": folder / "checkpoints" / "pretrain",
        "checkpoint-minutes": 0,
        **{"steps": STEPS, "warmup-steps": 4, "batch-size": 8, "learning-rate": 5e-3, "seed": 1},
        **{"threads": 1, "mlm-probability": 0.15, "dropout": 0.1, "weight-decay": 0.01},
    }
    return [f"--{name}={value}" for name, value in named.items()]


def test_a_killed_pretraining_ends_with_the_same_bits(
    runner: Runner, model: Path, tmp_path: Path
) -> None:
    """Weights and table, whether it was killed before, at or after a step with a row."""
    calm, killed = (flags_of(model, text_of(PAIRS), tmp_path / name) for name in ("a", "b"))
    assert runner(calm, tmp_path / "stderr").status == 0
    for count in (2, 3, 4):
        death = {"at": "step", "count": count, "what": "SIGKILL"}
        assert runner(killed, tmp_path / "stderr", death).status == -signal.SIGKILL

    done = runner(killed, tmp_path / "stderr")

    assert done.status == 0, done.stderr
    assert done.resumed
    for name in OUTPUTS:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name
        provenance.read(tmp_path / "b" / name)
    rows = list(csv.DictReader((tmp_path / "b" / "validation.csv").open()))
    assert tuple(rows[0]) == COLUMNS
    assert [int(row["step"]) for row in rows] == list(range(2, STEPS + 1, 2))


def test_a_text_without_labels_trains_mlm_alone(
    runner: Runner, model: Path, tmp_path: Path
) -> None:
    """No head for next-sentence prediction, and no losses of it; those of MLM fall."""
    flags = flags_of(model, replace(text_of(PAIRS), columns={}), tmp_path / "a")

    done = runner(flags, tmp_path / "stderr")

    assert done.status == 0, done.stderr
    names = load_file(tmp_path / "a" / "model.safetensors").keys()
    assert not [name for name in names if "seq_relationship" in name]
    rows = list(csv.DictReader((tmp_path / "a" / "validation.csv").open()))
    assert {row["next_sentence_loss"] + row["next_sentence_accuracy"] for row in rows} == {""}
    assert float(rows[-1]["mlm_loss"]) < float(rows[0]["mlm_loss"])
