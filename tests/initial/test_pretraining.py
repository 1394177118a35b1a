"""The embedded study's own model, as transformers sees it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import (
    AutoConfig,
    AutoTokenizer,
    BertConfig,
    BertForMaskedLM,
    BertForPreTraining,
    BertModel,
)

from tickets import architecture
from tickets.architecture import PRETRAINED_HEAD
from tickets.initial import pretrained
from tickets.initial.pretraining import (
    NEXT_SENTENCE,
    SPECIAL,
    Size,
    draw_weights,
    shapes,
    write_model,
    write_weights,
)

SIZE = Size(hidden_size=12, layers=2, heads=3, intermediate_size=20, positions=16)
WORDS = (*SPECIAL, "the", "boat", "sees", "?")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    write_model(tmp_path, SIZE, WORDS, next_sentence=True)
    return tmp_path


def test_the_configuration_is_the_one_asked_for(model: Path) -> None:
    """Transformers reads a BERT of this size, and our own reader the same."""
    config = AutoConfig.from_pretrained(model)
    known = architecture.read(model)

    assert isinstance(config, BertConfig)
    assert (config.hidden_size, known.hidden_size) == (12, 12)
    assert (config.num_hidden_layers, known.layers) == (2, 2)
    assert (config.num_attention_heads, known.heads) == (3, 3)
    assert (config.intermediate_size, known.intermediate_size) == (20, 20)
    assert (config.max_position_embeddings, known.positions) == (16, 16)
    assert (config.vocab_size, known.vocabulary) == (9, 9)
    assert (config.pad_token_id, known.pad_id) == (0, 0)
    assert config.architectures == ["BertForPreTraining"]


def test_a_model_without_next_sentence_prediction_says_so(tmp_path: Path) -> None:
    """Its class is that of MLM alone, and no tensor of the other head is drawn."""
    write_model(tmp_path, SIZE, WORDS, next_sentence=False)
    known = architecture.read(tmp_path)
    both = shapes(known, next_sentence=True)

    assert AutoConfig.from_pretrained(tmp_path).architectures == ["BertForMaskedLM"]
    assert both.keys() - shapes(known, next_sentence=False).keys() == {
        f"{PRETRAINED_HEAD}{name}" for name in NEXT_SENTENCE
    }


def test_one_word_is_one_token(model: Path) -> None:
    """Pairs are framed and typed as BERT's; what is no word becomes [UNK]; lengths are bounded."""
    tokenizer = AutoTokenizer.from_pretrained(model)
    pair = tokenizer("the boat sees", "the cat ?", return_token_type_ids=True)
    padded = tokenizer(["boat", "the boat"], padding=True)
    cut = tokenizer("boat " * 30, truncation=True)

    assert tokenizer.is_fast
    assert pair["input_ids"] == [2, 5, 6, 7, 3, 5, 1, 8, 3]
    assert pair["token_type_ids"] == [0, 0, 0, 0, 0, 1, 1, 1, 1]
    assert padded["input_ids"] == [[2, 6, 3, 0], [2, 5, 6, 3]]
    assert padded["attention_mask"] == [[1, 1, 1, 0], [1, 1, 1, 1]]
    assert len(cut["input_ids"]) == SIZE.positions
    assert tokenizer("[MASK] boat")["input_ids"] == [2, 4, 6, 3]
    assert (tokenizer.mask_token_id, tokenizer.pad_token_id) == (4, 0)
    assert sorted(tokenizer.all_special_ids) == [0, 1, 2, 3, 4]
    assert tokenizer.decode([5, 6]) == "the boat"


def test_shapes_are_those_of_transformers(model: Path) -> None:
    """All tensors of BertModel with its pooler, and of both heads, by name and shape."""
    config = AutoConfig.from_pretrained(model)
    theirs = {n: tuple(value.shape) for n, value in BertModel(config).state_dict().items()}
    names = architecture.mlm_head_names(architecture.FAMILIES["bert"]) | NEXT_SENTENCE
    whole = BertForPreTraining(config).state_dict()
    theirs |= {f"{PRETRAINED_HEAD}{ours}": tuple(whole[name].shape) for ours, name in names.items()}

    assert shapes(architecture.read(model), next_sentence=True) == theirs


def test_first_weights_are_drawn_as_bert_s_are(model: Path) -> None:
    """Matrices normal with deviation 0.02, norms one, biases zero; a function of the seed."""
    known, first = draw_weights(model, 1, next_sentence=True)
    _, again = draw_weights(model, 1, next_sentence=True)
    _, other = draw_weights(model, 2, next_sentence=True)
    drawn = [name for name in first if first[name].ndim == 2]

    assert {name: value.shape for name, value in first.items()} == shapes(known, next_sentence=True)
    assert np.std(np.concatenate([first[name].ravel() for name in drawn])) == pytest.approx(
        0.02, rel=0.05
    )
    for name, value in first.items():
        assert value.dtype == np.float32
        assert np.array_equal(value, again[name])
        assert np.array_equal(value, other[name]) == (name not in drawn)
        if name not in drawn:
            assert np.all(value == ("norm" in name.lower() and name.endswith("weight")))


def test_a_checkpoint_is_read_back_bit_by_bit(model: Path) -> None:
    """Encoder, pooler and MLM head; transformers computes with the very same heads."""
    _, drawn = draw_weights(model, 1, next_sentence=True)
    generator = np.random.default_rng(0)
    noisy = {n: v + generator.random(v.shape, dtype=np.float32) for n, v in drawn.items()}
    encoder = {n: v for n, v in noisy.items() if not n.startswith(PRETRAINED_HEAD)}
    head = {n.removeprefix(PRETRAINED_HEAD): v for n, v in noisy.items() if n not in encoder}
    write_weights(model / "model.safetensors", encoder, head)

    found = pretrained.read(model)

    assert found.keys() == noisy.keys() - {f"{PRETRAINED_HEAD}{name}" for name in NEXT_SENTENCE}
    assert {"pooler.dense.weight", f"{PRETRAINED_HEAD}bias"} < found.keys()
    for name, value in found.items():
        assert value.tobytes() == noisy[name].tobytes(), name
    network, info = BertForMaskedLM.from_pretrained(model, output_loading_info=True)
    assert not info["missing_keys"]
    decoder = network.get_output_embeddings()
    words = torch.from_numpy(encoder["embeddings.word_embeddings.weight"])
    assert torch.equal(decoder.weight, words)
    assert torch.equal(decoder.bias, torch.from_numpy(head["bias"]))
    whole, info = BertForPreTraining.from_pretrained(model, output_loading_info=True)
    assert not info["missing_keys"]
    assert not info["unexpected_keys"]
    for name, value in whole.cls.seq_relationship.state_dict().items():
        assert torch.equal(value, torch.from_numpy(head[f"output.{name}"]))
