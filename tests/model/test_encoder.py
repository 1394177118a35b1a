"""The encoder against transformers' own models, family by family."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import (
    AutoModelForMaskedLM,
    BertConfig,
    BertForQuestionAnswering,
    BertForSequenceClassification,
    BertModel,
    DistilBertConfig,
    ElectraConfig,
    PreTrainedConfig,
    RobertaConfig,
)

from tickets import architecture
from tickets.architecture import PRETRAINED_HEAD
from tickets.data.masking import IGNORED
from tickets.encoded import Encoded
from tickets.initial import pretrained
from tickets.model.batches import PackedBatch, pack
from tickets.model.network import Network
from tickets.prunable import prunable_set

VOCABULARY, HIDDEN = 60, 16
BERT = {
    "vocab_size": VOCABULARY,
    "hidden_size": HIDDEN,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "max_position_embeddings": 32,
    "initializer_range": 0.5,  # far from linear, so that a slip shows
}
CONFIGS: dict[str, PreTrainedConfig] = {
    "bert": BertConfig(**BERT),
    "roberta": RobertaConfig(**BERT, type_vocab_size=1, pad_token_id=1),
    "electra": ElectraConfig(**BERT, embedding_size=8),
    "distilbert": DistilBertConfig(
        vocab_size=VOCABULARY,
        dim=HIDDEN,
        n_layers=2,
        n_heads=2,
        hidden_dim=24,
        max_position_embeddings=32,
        initializer_range=0.5,
    ),
}
LENGTHS = (7, 3, 12)


def texts(types: int) -> Encoded:
    generator = np.random.default_rng(0)
    offsets = np.concatenate([[0], np.cumsum(LENGTHS)])
    return Encoded(
        tokens=generator.integers(5, VOCABULARY, offsets[-1], dtype=np.int32),
        types=generator.integers(types, size=offsets[-1], dtype=np.int8),
        offsets=offsets,
        example=np.arange(len(LENGTHS), dtype=np.int32),
        meta={},
    )


def padded(encoded: Encoded) -> dict[str, torch.Tensor]:
    shape = (len(LENGTHS), max(LENGTHS))
    ids, types, seen = (torch.zeros(shape, dtype=torch.long) for _ in range(3))
    ids[:] = 1  # RoBERTa's padding
    for row, (begin, end) in enumerate(zip(encoded.offsets, encoded.offsets[1:], strict=False)):
        ids[row, : end - begin] = torch.from_numpy(encoded.tokens[begin:end])
        types[row, : end - begin] = torch.from_numpy(encoded.types[begin:end])
        seen[row, : end - begin] = 1
    return {"input_ids": ids, "token_type_ids": types, "attention_mask": seen}


def ours(
    theta: dict[str, np.ndarray],
    model: Path,
    head: str,
    gamma: dict[str, np.ndarray],
    *,
    selective: bool = True,
) -> Network:
    return Network.of(theta, gamma, architecture.read(model), head, selective=selective)


def packed(encoded: Encoded, *, shared: bool = True) -> PackedBatch:
    """All sequences: end to end in rows, or one a row."""
    found = pack(encoded, np.arange(len(LENGTHS)), 14 if shared else None)
    assert found.rows == (2 if shared else len(LENGTHS))
    return found


ways = pytest.mark.parametrize(
    ("shared", "selective"), [(True, True), (True, False), (False, True), (False, False)]
)


@ways
@pytest.mark.parametrize("family", CONFIGS)
def test_word_scores_equal_those_of_transformers(
    family: str, shared: bool, selective: bool, tmp_path: Path
) -> None:
    """A checkpoint of each family, saved and read back, scores words as its own class does."""
    torch.manual_seed(0)
    theirs = AutoModelForMaskedLM.from_config(CONFIGS[family]).eval()
    theirs.save_pretrained(tmp_path)
    theta = pretrained.read(tmp_path)
    gamma = {
        n.removeprefix(PRETRAINED_HEAD): v
        for n, v in theta.items()
        if n.startswith(PRETRAINED_HEAD)
    }
    encoded = texts(1 if family in ("roberta", "distilbert") else 2)
    inputs = padded(encoded)
    if family == "distilbert":
        del inputs["token_type_ids"]

    with torch.no_grad():
        expected = theirs(**inputs).logits[inputs["attention_mask"].bool()]
        network = ours(theta, tmp_path, "mlm", gamma, selective=selective)
        words = np.where(np.arange(encoded.tokens.size) % 3, encoded.tokens, IGNORED)
        batch = network.batch(encoded, packed(encoded, shared=shared), encoded.tokens, words=words)
        found = network.words(batch)

    torch.testing.assert_close(found, expected[words != IGNORED], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("family", "matrices"), [("roberta", 12), ("electra", 12), ("distilbert", 12)]
)
def test_no_pooler_is_invented(family: str, matrices: int, tmp_path: Path) -> None:
    """Families whose checkpoints hold no pooler have six prunable matrices a layer and no more."""
    AutoModelForMaskedLM.from_config(CONFIGS[family]).save_pretrained(tmp_path)

    theta = pretrained.read(tmp_path)

    assert len(prunable_set({n: v.shape for n, v in theta.items()}).shapes) == matrices


@ways
def test_bert_has_its_pooler_and_classifies_as_transformers_does(
    shared: bool, selective: bool, tmp_path: Path
) -> None:
    """BERT's pooler is part of theta; logits equal BertForSequenceClassification's."""
    torch.manual_seed(0)
    theirs = BertForSequenceClassification(CONFIGS["bert"]).eval()
    theirs.save_pretrained(tmp_path)
    theta = pretrained.read(tmp_path)
    encoded = texts(2)
    gamma = {
        "output.weight": theirs.classifier.weight.detach().numpy(),
        "output.bias": theirs.classifier.bias.detach().numpy(),
    }

    with torch.no_grad():
        expected = theirs(**padded(encoded)).logits
        network = ours(theta, tmp_path, "classification", gamma, selective=selective)
        layout = packed(encoded, shared=shared)
        found = network.answers(network.batch(encoded, layout, encoded.tokens[layout.source]))

    assert len(prunable_set({n: v.shape for n, v in theta.items()}).shapes) == 2 * 6 + 1
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("shared", [True, False])
def test_span_scores_equal_those_of_transformers(shared: bool, tmp_path: Path) -> None:
    """Start and end scores equal BertForQuestionAnswering's, -inf outside the texts."""
    torch.manual_seed(0)
    theirs = BertForQuestionAnswering(CONFIGS["bert"]).eval()
    BertModel(CONFIGS["bert"]).save_pretrained(tmp_path)
    theirs.save_pretrained(tmp_path)
    theta = pretrained.read(tmp_path)
    encoded = texts(2)
    gamma = {
        "output.weight": theirs.qa_outputs.weight.detach().numpy(),
        "output.bias": theirs.qa_outputs.bias.detach().numpy(),
    }

    with torch.no_grad():
        inputs = padded(encoded)
        expected = theirs(**inputs)
        network = ours(theta, tmp_path, "span", gamma)
        layout = packed(encoded, shared=shared)
        first, last = network.edges(network.batch(encoded, layout, encoded.tokens[layout.source]))

    seen = inputs["attention_mask"].bool()
    assert torch.isneginf(first[~seen]).all()
    torch.testing.assert_close(first[seen], expected.start_logits[seen], rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(last[seen], expected.end_logits[seen], rtol=1e-4, atol=1e-4)
