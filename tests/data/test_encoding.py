from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from transformers import AutoTokenizer

from model_directories import LETTERS, configured, worded
from tickets.data.encoding import Settings, encode
from tickets.encoded import Encoded
from tickets.errors import BadInput

PAD, UNK, CLS, SEP, MASK = range(5)
WORDS = [*LETTERS, "##x", ".", "'"]
A = 5  # the id of "a", the first word


def ids(text: str) -> list[int]:
    return [WORDS.index(word) for word in text.split()]


@pytest.fixture
def bert(tmp_path: Path) -> Path:
    """A model directory with a vocabulary of letters."""
    return worded(tmp_path / "bert", WORDS)


@pytest.fixture
def distilbert(tmp_path: Path) -> Path:
    """The same words for a model that knows no segments."""
    return worded(
        tmp_path / "distilbert",
        WORDS,
        model_type="distilbert",
        type_vocab_size=None,
        dim=8,
        n_layers=1,
        n_heads=1,
        hidden_dim=8,
        dropout=0.1,
        attention_dropout=0.1,
        activation="gelu",
    )


@pytest.fixture
def roberta(tmp_path: Path) -> Path:
    """RoBERTa's byte-level tokenizer over letters, spaces being Ġ, with its own special tokens."""
    folder = configured(
        tmp_path / "roberta", model_type="roberta", type_vocab_size=1, pad_token_id=1, vocab_size=30
    )
    pieces = ["<s>", "<pad>", "</s>", "<unk>", *"abcdefghij", *(f"Ġ{c}" for c in "abcdefghij"), "Ġ"]
    vocabulary = {piece: i for i, piece in enumerate([*pieces, "<mask>"])}
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    merges = [f"Ġ {c}" for c in "abcdefghij"]
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n")
    return folder


def pairs(first: list[str], second: list[str] | None = None, **more: Any) -> pa.Table:
    b = pa.nulls(len(first), pa.string()) if second is None else second
    rows = [str(i) for i in range(len(first))]
    return pa.table({"id": rows, "text_a": first, "text_b": b, **more})


def shape(head: str, max_length: int, **more: Any) -> Settings:
    return Settings(task="t", head=head, max_length=max_length, **more)


def questions(question: str, context: str, *answers: str) -> pa.Table:
    return pa.table(
        {
            "id": ["q"],
            "question": [question],
            "context": [context],
            "answers": [list(answers)],
            "answer_start": [[context.index(answer) for answer in answers]],
        }
    )


def features(encoded: Encoded) -> list[list[int]]:
    return [part.tolist() for part in np.split(encoded.tokens, encoded.offsets[1:-1])]


def words(encoded: Encoded) -> list[str]:
    return [" ".join(WORDS[i] for i in part) for part in features(encoded)]


def test_texts_get_the_models_special_tokens(bert: Path) -> None:
    """One text, one segment; labels by row; meta is what training needs to mask and pad."""
    found = encode(
        pairs(["a bx", "z"], label=[1, 0]), shape("classification", 8), bert, validation=False
    )

    assert words(found) == ["[CLS] a b ##x [SEP]", "[CLS] [UNK] [SEP]"]
    assert found.types.tolist() == [0] * 8
    assert found.example.tolist() == [0, 1]
    np.testing.assert_array_equal(found.columns["label"], np.array([1, 0], np.int32), strict=True)
    assert found.meta == {
        "head": "classification",
        "vocab_size": len(WORDS),
        "mask_id": MASK,
        "pad_id": PAD,
        "special_ids": [PAD, UNK, CLS, SEP, MASK],
        "max_length": 8,
    }


def test_pairs_have_two_segments_and_lose_the_longer_first(bert: Path) -> None:
    """Regression labels are float32; of nine words five fit, and the longer text gives them up."""
    found = encode(
        pairs(["a b"], ["c d e f g h i"], label=[2.5]),
        shape("regression", 8),
        bert,
        validation=False,
    )

    assert words(found) == ["[CLS] a b [SEP] c d e [SEP]"]
    assert found.types.tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    np.testing.assert_array_equal(found.columns["label"], np.array([2.5], np.float32), strict=True)


def test_models_without_segments_get_zeros(distilbert: Path, roberta: Path) -> None:
    """DistilBERT ignores them, RoBERTa's table has a single row."""
    for model in (distilbert, roberta):
        found = encode(
            pairs(["a b"], ["c"], label=[0]), shape("classification", 16), model, validation=False
        )
        assert found.types.tolist() == [0] * len(found.tokens)


def test_robertas_own_special_tokens_are_used(roberta: Path) -> None:
    """<s> a </s></s> b </s>, and the mask and pad ids are its own."""
    found = encode(
        pairs(["a b"], ["c"], label=[0]), shape("classification", 16), roberta, validation=False
    )

    assert found.tokens.tolist() == [0, 4, 15, 2, 2, 6, 2]
    assert (found.meta["mask_id"], found.meta["pad_id"]) == (25, 1)
    assert found.meta["special_ids"] == [0, 1, 2, 3, 25]


def test_windows_overlap_and_hold_the_answer_where_it_is(bert: Path) -> None:
    """The answer is in those windows that hold all of it, at the position it has there.

    There is room for five words of the context, and a window begins every two.
    """
    data = questions("j", "a b c d e f g h", "d e", "a")
    found = encode(data, shape("span", 9, stride=2), bert, validation=True)

    assert words(found) == [
        "[CLS] j [SEP] a b c d e [SEP]",
        "[CLS] j [SEP] c d e f g [SEP]",
        "[CLS] j [SEP] e f g h [SEP]",
    ]
    assert found.example.tolist() == [0, 0, 0]
    assert found.columns["start"].tolist() == [6, 4, 0]
    assert found.columns["end"].tolist() == [7, 5, 0]
    assert found.columns["context_begin"].tolist() == [3, 3, 3]
    assert found.columns["context_end"].tolist() == [8, 8, 7]
    assert found.types.tolist() == [0, 0, 0] + [1] * 6 + [0, 0, 0] + [1] * 6 + [0, 0, 0] + [1] * 5


@pytest.mark.parametrize("length", [1, 2, 3])
@pytest.mark.parametrize("first", range(6))
def test_answers_at_every_place_of_a_window(bert: Path, first: int, length: int) -> None:
    """Also at its first and last word; a window that holds a part only does not hold the answer."""
    letters = list("abcdefgh")
    answer = letters[first : first + length]
    data = questions("j", " ".join(letters), " ".join(answer))
    found = encode(data, shape("span", 9, stride=2), bert, validation=True)

    for window, start, end in zip(
        words(found), found.columns["start"], found.columns["end"], strict=True
    ):
        tokens = window.split()
        if set(answer) <= set(tokens):
            assert tokens[start : end + 1] == answer
        else:
            assert (start, end) == (0, 0)


def test_offsets_lead_back_to_the_text(bert: Path) -> None:
    """Characters of the context, accents and word pieces included; 0, 0 for all else."""
    context = "a Bx. é' j"
    found = encode(
        questions("a a", context, "Bx"), shape("span", 16, stride=4), bert, validation=True
    )

    shown = [context[begin:end] for begin, end in found.columns["offsets"]]
    assert shown == ["", "", "", "", "a", "B", "x", ".", "é", "'", "j", ""]
    start, end = found.columns["start"][0], found.columns["end"][0]
    begin, stop = found.columns["offsets"][[start, end]][:, [0, 1]].ravel()[[0, 3]]
    assert context[begin:stop] == "Bx"
    assert (found.columns["context_begin"][0], found.columns["context_end"][0]) == (4, 11)


def test_offsets_are_for_validation_only(bert: Path) -> None:
    """Training needs positions, not characters."""
    found = encode(questions("a", "b c", "c"), shape("span", 16, stride=4), bert, validation=False)

    assert sorted(found.columns) == ["context_begin", "context_end", "end", "start"]


def test_an_answer_inside_a_word_takes_the_whole_word_piece(bert: Path, roberta: Path) -> None:
    """Tokens that the answer touches; RoBERTa's leading space belongs to no token's characters."""
    inside = encode(
        questions("a", "b ax c", "x"), shape("span", 16, stride=4), bert, validation=True
    )
    spaced = encode(
        questions("a", "b c d", "c"), shape("span", 16, stride=4), roberta, validation=True
    )

    assert words(inside) == ["[CLS] a [SEP] b a ##x c [SEP]"]
    assert (inside.columns["start"][0], inside.columns["end"][0]) == (5, 5)
    assert spaced.tokens.tolist() == [0, 4, 2, 2, 5, 16, 17, 2]
    assert (spaced.columns["start"][0], spaced.columns["end"][0]) == (5, 5)


def test_long_questions_are_cut_before_contexts(bert: Path) -> None:
    """At most 64 tokens of a question are read, fewer where the stride leaves fewer."""
    long = questions(" ".join("abcdefghij" * 8), "a b c d", "d")

    whole = encode(
        long,
        shape("span", 100, stride=4),
        worded(bert, WORDS, max_position_embeddings=128),
        validation=False,
    )
    assert whole.columns["context_begin"].tolist() == [66]
    short = encode(long, shape("span", 10, stride=4), bert, validation=False)
    assert words(short) == ["[CLS] a b c [SEP] a b c d [SEP]"]
    with pytest.raises(BadInput, match=r"tasks\.t\.stride: 7 .*write at most 6"):
        encode(long, shape("span", 10, stride=7), bert, validation=False)


@pytest.mark.parametrize("family", ["bert", "roberta"])
def test_windows_equal_those_of_transformers(family: str, request: pytest.FixtureRequest) -> None:
    """The library's own windows, told the overlap that a stride of 5 means here, are the same."""
    model: Path = request.getfixturevalue(family)
    generator = np.random.default_rng(3)
    for length in (1, 7, 12, 13, 30, 49):
        context = " ".join(generator.choice(list("abcdefghij"), length))
        question = " ".join(generator.choice(list("abcdefghij"), 4))
        found = encode(
            questions(question, context, context[-1]),
            shape("span", 20, stride=5),
            model,
            validation=True,
        )
        tokenizer = AutoTokenizer.from_pretrained(model)
        room = 20 - 4 - tokenizer.num_special_tokens_to_add(pair=True)
        theirs = tokenizer(
            question,
            context,
            truncation="only_second",
            max_length=20,
            stride=room - 5,
            return_overflowing_tokens=True,
            return_offsets_mapping=True,
        )

        assert features(found) == theirs["input_ids"]
        for i, offsets in enumerate(theirs["offset_mapping"]):
            mine = found.columns["offsets"][found.offsets[i] : found.offsets[i + 1]]
            begin, end = found.columns["context_begin"][i], found.columns["context_end"][i]
            assert [tuple(pair) for pair in mine[begin:end]] == offsets[begin:end]
            assert [k for k, s in enumerate(theirs.sequence_ids(i)) if s == 1] == list(
                range(begin, end)
            )


def test_joined_texts_fill_every_chunk_but_the_last(bert: Path) -> None:
    """No token is lost, none comes twice, and a chunk belongs to the row in which it begins."""
    texts = ["a b c", "", "d", "e f g h i", "j"]
    found = encode(pairs(texts), shape("mlm", 6, concatenate=True), bert, validation=False)

    assert words(found) == [
        "[CLS] a b c d [SEP]",
        "[CLS] e f g h [SEP]",
        "[CLS] i j [SEP]",
    ]
    assert found.example.tolist() == [0, 3, 3]
    assert dict(found.columns) == {}


def test_joining_does_not_depend_on_how_texts_are_batched(
    bert: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A chunk may span the boundary of two tokenizer calls."""
    texts = [" ".join("abcdefghij"[: i % 7]) for i in range(40)]
    whole = encode(pairs(texts), shape("mlm", 9, concatenate=True), bert, validation=False)
    monkeypatch.setattr("tickets.data.encoding.BATCH", 3)
    parts = encode(pairs(texts), shape("mlm", 9, concatenate=True), bert, validation=False)

    assert features(parts) == features(whole)
    assert parts.example.tolist() == whole.example.tolist()


def test_apart_texts_stay_apart(bert: Path) -> None:
    """Pairs keep their segments; a text of which no token can be hidden is left out."""
    found = encode(
        pairs(["a b", "", "c"], ["d", "", "e"]),
        shape("mlm", 8, concatenate=False),
        bert,
        validation=False,
    )

    assert words(found) == ["[CLS] a b [SEP] d [SEP]", "[CLS] c [SEP] e [SEP]"]
    assert found.example.tolist() == [0, 2]
    assert found.types.tolist() == [0, 0, 0, 0, 1, 1, 0, 0, 0, 1, 1]


def test_validation_hides_the_same_tokens_for_ever(bert: Path) -> None:
    """15 % of the tokens that are not special, 80/10/10, and at least one a sequence.

    Labels hold what stood there, and -100 elsewhere.
    """
    generator = np.random.default_rng(1)
    texts = [" ".join(generator.choice(list("abcdefghij"), 60)) for _ in range(500)] + ["a z"]
    how = shape("mlm", 64, concatenate=False)
    clean = encode(pairs(texts), how, bert, validation=False)
    first, second = (encode(pairs(texts), how, bert, validation=True) for _ in range(2))
    labels = first.columns["labels"]
    hidden = labels != -100

    np.testing.assert_array_equal(first.tokens, second.tokens)
    np.testing.assert_array_equal(labels, second.columns["labels"])
    np.testing.assert_array_equal(labels[hidden], clean.tokens[hidden])
    np.testing.assert_array_equal(first.tokens[~hidden], clean.tokens[~hidden])
    assert not hidden[clean.tokens < A].any()
    assert np.add.reduceat(hidden, first.offsets[:-1]).min() >= 1
    # 30,000 tokens: each share within four standard deviations.
    assert abs(hidden.sum() / 30_000 - 0.15) < 4 * (0.15 * 0.85 / 30_000) ** 0.5
    masked = (first.tokens[hidden] == MASK).mean()
    kept = (first.tokens[hidden] == labels[hidden]).mean()
    words_in_all = len(WORDS)
    assert abs(masked - (0.8 + 0.1 / words_in_all)) < 4 * (0.16 / hidden.sum()) ** 0.5
    assert abs(kept - (0.1 + 0.1 / words_in_all)) < 4 * (0.09 / hidden.sum()) ** 0.5


def test_what_a_model_cannot_read_is_one_line(bert: Path, tmp_path: Path) -> None:
    """Too long, no tokenizer, another model's tokenizer, no word known."""
    data = pairs(["a"], label=[0])

    with pytest.raises(BadInput, match=r"tasks\.t\.max_length: 65, .* write at most 64"):
        encode(data, shape("classification", 65), bert, validation=False)
    with pytest.raises(BadInput, match=r"tasks\.t\.max_length: 4, .* write at least 5"):
        encode(data, shape("classification", 4), bert, validation=False)
    with pytest.raises(BadInput, match="has no fast tokenizer; add tokenizer") as caught:
        encode(data, shape("classification", 8), configured(tmp_path / "bare"), validation=False)
    assert "\n" not in str(caught.value)
    with pytest.raises(BadInput, match="the tokenizer that belongs to the model"):
        encode(data, shape("classification", 8), configured(bert, vocab_size=9), validation=False)
    worded(bert, WORDS)
    with pytest.raises(BadInput, match="no text with a word that"):
        encode(pairs(["zz"]), shape("mlm", 8, concatenate=True), bert, validation=False)
    with pytest.raises(BadInput, match="context of row 0 has no token"):
        encode(questions("a", " ", " "), shape("span", 16, stride=4), bert, validation=False)
