"""Order and layout of batches: nothing lost, nothing twice, no sequence cut."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tiny_bert
from tickets.encoded import Encoded
from tickets.model.batches import best_width, choose_examples, pack, round_up, steps_per_epoch


def texts(lengths: list[int]) -> Encoded:
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    total = int(offsets[-1])
    return Encoded(
        tokens=np.arange(1, total + 1, dtype=np.int32),
        types=np.zeros(total, np.int8),
        offsets=offsets,
        example=np.arange(len(lengths), dtype=np.int32),
        meta={},
    )


@given(st.lists(st.integers(1, 40), min_size=1, max_size=24), st.booleans(), st.randoms())
def test_every_sequence_stands_whole_in_one_row(lengths, shared, random) -> None:
    """Each token in a slot of its own, each sequence end to end within a row, in any order."""
    encoded = texts(lengths)
    examples = np.arange(len(lengths))
    random.shuffle(examples)

    width = best_width(encoded, 8, 1, 16) if shared else None
    found = pack(encoded, examples, width)
    laid = found.lay_out(encoded.tokens[found.source]).reshape(found.rows, found.width)

    assert np.count_nonzero(laid) == sum(lengths)
    assert sorted(laid[laid > 0]) == list(range(1, sum(lengths) + 1))
    for place, example in enumerate(examples):
        row, column = divmod(int(found.firsts[place]), found.width)
        whole = encoded.tokens[encoded.offsets[example] : encoded.offsets[example + 1]]
        assert column + len(whole) <= found.width
        assert laid[row, column : column + len(whole)].tolist() == whole.tolist()
    assert found.positions.tolist() == [n for e in examples for n in range(lengths[e])]
    assert found.owner.tolist() == [p for p, e in enumerate(examples) for _ in range(lengths[e])]


def test_rows_are_filled() -> None:
    """Of a batch of CoLA-like lengths hardly a slot stays empty; one a row leaves most empty."""
    generator = np.random.default_rng(0)
    encoded = texts(generator.integers(4, 30, 32).tolist())
    packed = pack(encoded, np.arange(32), best_width(encoded, 32, 1, 768))
    alone = pack(encoded, np.arange(32))

    assert packed.rows * packed.width < 1.05 * len(encoded.tokens)
    assert alone.rows * alone.width > 1.5 * len(encoded.tokens)


@given(st.integers(1, 2000), st.sampled_from([8, 64]))
def test_a_width_is_a_multiple_where_asked(longest: int, multiple: int) -> None:
    """The longest sequence fits, and not two of them and a multiple more."""
    width = best_width(texts([longest, 1, 1]), 3, 1, 16, multiple=multiple)
    assert width % multiple == 0
    assert longest <= width < 2 * longest + multiple


def test_few_numbers_of_rows() -> None:
    """Up to 8 as they are, then by 2, 4, 8: never fewer, never a quarter more."""
    assert [round_up(count) for count in (1, 5, 7, 8, 9, 10, 15, 17, 20, 21, 33)] == [
        *(1, 5, 7, 8, 10, 10, 16, 20, 20, 24, 40)
    ]
    assert all(count <= round_up(count) < 1.25 * count for count in range(1, 5000))


def test_a_sequence_is_never_cut() -> None:
    """One that is longer than a row is refused."""
    with pytest.raises(ValueError, match="a sequence of 9 does not fit into rows of 8"):
        pack(texts([3, 9]), np.arange(2), 8)


@pytest.mark.parametrize("batch_size", [8, 30, 64])
def test_every_example_is_seen_once_an_epoch(batch_size: int) -> None:
    """Each epoch is a permutation, and no two are the same."""
    encoded = tiny_bert.texts(30, "classification")
    steps = steps_per_epoch(len(encoded), batch_size)
    epochs = [
        np.concatenate(
            [choose_examples(30, batch_size, 1, steps * epoch + step) for step in range(steps)]
        )
        for epoch in range(3)
    ]

    assert steps == -(-30 // batch_size)
    assert all(sorted(epoch) == list(range(30)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 3
