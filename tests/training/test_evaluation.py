"""Predictions, against transformers on one unpadded sequence at a time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import (
    BertForMaskedLM,
    BertForQuestionAnswering,
    BertForSequenceClassification,
)

import tiny_bert
from tickets import architecture
from tickets.encoded import Encoded
from tickets.initial import pretrained
from tickets.model.batches import pack
from tickets.model.dropout import NONE
from tickets.model.network import LARGE_VOCABULARY, Network
from tickets.training import evaluation
from tickets.training.evaluation import best_span, predict
from tickets.training.loop import initial_head

EXAMPLES = 25
# The scores of a text's tokens as first and as last of a span; few values, so that many tie.
edge_scores = st.lists(st.tuples(st.integers(-2, 2), st.integers(-2, 2)), max_size=40)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_bert.model(tmp_path_factory.mktemp("model"))


def network(model: Path, head: str, labels: int = 1) -> Network:
    known = architecture.read(model)
    theta, gamma = initial_head(
        pretrained.read(model), known, head=head, labels=labels, seed=1, task="toy"
    )
    # Far from how they start: the texts get different answers.
    generator = np.random.default_rng(5)
    noisy = {n: v + generator.normal(0, 0.5, v.shape).astype(np.float32) for n, v in gamma.items()}
    return Network.of(theta, noisy if head != "mlm" else gamma, known, head)


def logits(theirs: Any, encoded: Encoded, feature: int) -> Any:
    """What the model of transformers answers to one feature alone."""
    here = slice(*encoded.offsets[feature : feature + 2])
    both = encoded.tokens[here], encoded.types[here]
    ids, types = (torch.from_numpy(array[None].astype(np.int64)) for array in both)
    with torch.inference_mode():
        return theirs.eval()(input_ids=ids, token_type_ids=types)


def numbered(**columns: Any) -> pa.Table:
    """Canonical data, as much of it as predictions take over."""
    return pa.table({"id": [f"row-{number}" for number in range(EXAMPLES)], **columns})


@pytest.mark.parametrize(("head", "labels"), [("classification", 3), ("regression", 1)])
def test_every_text_gets_its_own_answer(model: Path, head: str, labels: int) -> None:
    """Logits and predictions in the order of the rows, whatever the lengths."""
    ours, encoded = network(model, head, labels), tiny_bert.texts(EXAMPLES, head)
    theirs = BertForSequenceClassification.from_pretrained(model, num_labels=labels)
    theirs.classifier.weight.data = ours.parameters.value_of("head.output.weight")
    theirs.classifier.bias.data = ours.parameters.value_of("head.output.bias")
    expected = np.stack([logits(theirs, encoded, row).logits[0] for row in range(EXAMPLES)])

    found = predict(ours, encoded, numbered()).to_pydict()

    assert found["id"] == [f"row-{number}" for number in range(EXAMPLES)]
    assert found["reference"] == encoded.columns["label"].tolist()
    if head == "regression":
        np.testing.assert_allclose(found["prediction"], expected[:, 0], rtol=1e-4, atol=1e-5)
        return
    np.testing.assert_allclose(found["logits"], expected, rtol=1e-4, atol=1e-5)
    assert found["prediction"] == expected.argmax(axis=1).tolist()
    assert len(set(found["prediction"])) > 1


@pytest.mark.parametrize("joined", [False, True])
def test_hidden_words_are_counted(model: Path, joined: bool) -> None:
    """How many there are and how many the model finds; joined texts have ids of their own."""
    generator = np.random.default_rng(0)
    theirs = BertForMaskedLM.from_pretrained(model)
    encoded = tiny_bert.texts(EXAMPLES, "mlm")
    labels = np.full(encoded.tokens.shape, -100, np.int32)
    total, correct = [], []
    for feature in range(EXAMPLES):
        words = logits(theirs, encoded, feature).logits[0].argmax(dim=1).numpy()
        hidden = np.flatnonzero(generator.random(len(words)) < 0.5)
        right = generator.random(len(hidden)) < 0.5
        labels[encoded.offsets[feature] + hidden] = np.where(
            right, words[hidden], (words[hidden] + 1) % tiny_bert.VOCABULARY
        )
        total.append(len(hidden))
        correct.append(int(right.sum()))
    encoded = replace(encoded, columns={"labels": labels})
    data = numbered().slice(1) if joined else numbered()

    found = predict(network(model, "mlm"), encoded, data).to_pydict()

    assert found["total"] == total
    assert found["correct"] == correct
    assert min(total) == 0
    assert 0 < sum(correct) < sum(total)
    assert found["id"] == [f"{'sequence' if joined else 'row'}-{n}" for n in range(EXAMPLES)]


def windows() -> tuple[Encoded, pa.Table]:
    """Contexts of 3 to 20 words in windows of 8 that begin every 3 words, after a question of one.

    The first example has no window that holds a word of its context.
    """
    generator = np.random.default_rng(3)
    tokens: list[int] = []
    offsets, characters = [0], []
    features: list[tuple[int, int, int]] = []
    contexts = []
    for example in range(EXAMPLES):
        words = ["x" * length for length in generator.integers(1, 6, generator.integers(3, 21))]
        ends = np.cumsum([len(word) + 1 for word in words]) - 1
        contexts.append(" ".join(words))
        starts = range(0, max(1, len(words) - 5), 3)
        for start in starts if example else (len(words),):
            size = min(8, len(words) - start)
            part = [2, 6, 3, *generator.integers(5, 40, size), 3]
            tokens += part
            offsets.append(len(tokens))
            spans = [(ends[i] - len(words[i]), ends[i]) for i in range(start, start + size)]
            characters += [(0, 0)] * 3 + spans + [(0, 0)]
            features.append((example, 3, 3 + size))
    owner, begin, end = np.array(features, np.int32).T
    encoded = Encoded(
        tokens=np.array(tokens, np.int32),
        types=np.zeros(len(tokens), np.int8),
        offsets=np.array(offsets),
        example=owner,
        columns={
            "context_begin": begin,
            "context_end": end,
            "offsets": np.array(characters, np.int32),
        },
        meta={},
    )
    return encoded, numbered(context=contexts, answers=[["x"]] * EXAMPLES)


def test_the_best_window_gives_the_span(model: Path) -> None:
    """Of all spans in all windows the one that scores most, cut out of the context's text."""
    ours, (encoded, data) = network(model, "span"), windows()
    theirs = BertForQuestionAnswering.from_pretrained(model)
    theirs.qa_outputs.weight.data = ours.parameters.value_of("head.output.weight")
    theirs.qa_outputs.bias.data = ours.parameters.value_of("head.output.bias")
    best: dict[int, tuple[float, int, str]] = {}
    for feature, example in enumerate(encoded.example.tolist()):
        answer = logits(theirs, encoded, feature)
        first, last = answer.start_logits[0].numpy(), answer.end_logits[0].numpy()
        begin, end = (encoded.columns[f"context_{edge}"][feature] for edge in ("begin", "end"))
        for start in range(begin, end):
            for stop in range(start, end):
                at = encoded.columns["offsets"][encoded.offsets[feature] :]
                text = data["context"][example].as_py()[at[start, 0] : at[stop, 1]]
                score = float(first[start] + last[stop])
                if score > best.get(example, (-np.inf, 0, ""))[0]:
                    best[example] = score, feature, text
    firsts = np.searchsorted(encoded.example, np.arange(EXAMPLES))

    found = predict(ours, encoded, data).to_pydict()

    assert found["id"] == data["id"].to_pylist()
    assert found["reference"] == [["x"]] * EXAMPLES
    assert found["prediction"] == ["", *(best[example][2] for example in range(1, EXAMPLES))]
    assert any(" " in text for text in found["prediction"])
    assert any(feature != firsts[example] for example, (_, feature, _) in best.items())


@pytest.mark.parametrize("head", ["classification", "regression", "mlm", "span"])
def test_batches_do_not_matter(model: Path, head: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sequence a batch, a few, or all at once: the same predictions."""
    encoded, data = windows() if head == "span" else (tiny_bert.texts(EXAMPLES, head), numbered())
    if head == "mlm":
        encoded = replace(encoded, columns={"labels": encoded.tokens})
    ours, found, sizes = network(model, head, 3 if head == "classification" else 1), [], []
    monkeypatch.setattr(evaluation, "pack", lambda e, b: sizes.append(len(b)) or pack(e, b))
    for tokens in (1, 40, 8192):
        monkeypatch.setattr(evaluation, "TOKENS", tokens)
        found.append(predict(ours, encoded, data).to_pydict())

    assert sizes[: len(encoded)] == [1] * len(encoded)
    assert max(sizes[len(encoded) : -1]) in range(2, 15)
    assert sizes[-1] == len(encoded)
    for other in found[1:]:
        assert other.keys() == found[0].keys()
        for name, values in other.items():
            if name == "logits" or (head, name) == ("regression", "prediction"):
                np.testing.assert_allclose(values, found[0][name], rtol=1e-4, atol=1e-5)
            else:
                assert values == found[0][name], name


@pytest.mark.parametrize(
    ("head", "large"), [("mlm", False), ("mlm", True), ("span", False)], ids=str
)
def test_filling_up_does_not_matter(model: Path, head: str, large: bool) -> None:
    """Hidden words or slots filled up to a multiple, as on a GPU, or for a large vocabulary: the
    same loss and predictions.
    """
    encoded, data = windows() if head == "span" else (tiny_bert.texts(EXAMPLES, head), numbered())
    if head == "mlm":
        encoded = replace(encoded, columns={"labels": encoded.tokens})
    exact = network(model, head)
    known = replace(exact.architecture, vocabulary=LARGE_VOCABULARY)
    filled = replace(exact, architecture=known) if large else replace(exact, rounding=64)

    assert predict(exact, encoded, data) == predict(filled, encoded, data)
    texts = tiny_bert.texts(EXAMPLES, head)
    packed = pack(texts, np.arange(EXAMPLES))
    words = np.where(np.arange(len(texts.tokens)) % 3, -100, texts.tokens)
    batches = [
        each.batch(
            texts,
            packed,
            texts.tokens[packed.source],
            words=words if head == "mlm" else None,
            training=True,
        )
        for each in (exact, filled)
    ]
    with torch.no_grad():
        losses = [exact.loss(batch, NONE).item() for batch in batches]
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)
    for batch, multiple in zip(batches, (False, True), strict=True):
        size = (batch.slots if head == "span" else batch.needed).shape[-1]
        assert (size % 64 == 0) == multiple


@given(edge_scores)
def test_the_best_span_is_the_first_of_the_best(scores: list[tuple[int, int]]) -> None:
    """Against all spans of at most 30 tokens: highest sum, then earliest, then shortest."""
    first, last = np.array(scores, np.float32).reshape(-1, 2).T
    spans = [
        (float(first[start] + last[stop]), -start, -stop)
        for start in range(len(scores))
        for stop in range(start, min(start + 30, len(scores)))
    ]
    score, start, stop = max(spans, default=(-np.inf, 0, 0))

    assert best_span(first, last) == (score, -start, -stop)


def test_a_span_has_at_most_30_tokens() -> None:
    """The 31st token is out of reach, the 30th is not."""
    first, last = np.zeros((2, 40), np.float32)
    first[2] = last[31] = 1.0
    assert best_span(first, last) == (2.0, 2, 31)

    last[31], last[32] = 0.0, 1.0
    assert best_span(first, last) == (1.0, 2, 2)
