from __future__ import annotations

import tracemalloc
import warnings
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from tickets.scores import resampling
from tickets.scores.metrics import score
from tickets.scores.resampling import REPLICATES, draw_resamples, replicates
from tickets.tasks import METRICS

CLASSES = ["accuracy", "f1", "matthews_correlation"]
CORRELATIONS = ["pearson", "spearman"]
SPANS = ["span_f1", "exact_match"]
WORDS = ["the cat", "Cat", "black cat", "a big black cat sat", "dog", ""]


def predicted(predictions: Any, references: Any) -> pa.Table:
    return pa.table({"reference": references, "prediction": predictions})


def literally(names: list[str], table: pa.Table, drawn: list[int]) -> None:
    """The replicate on one resample is the score of the table written out."""
    resample = np.bincount(drawn, minlength=table.num_rows)[None]
    expected = score(names, table.take(pa.array(drawn)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in names:
            found = replicates(name, table, resample)
            assert found.dtype == np.float32
            assert found == pytest.approx([expected[name]], abs=2e-5, rel=1e-6), name


def drawn_rows(row: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[list[Any], list[int]]]:
    """Rows of a table, and as many numbers of rows, drawn with replacement."""
    tables = st.lists(row, min_size=2, max_size=12)
    return tables.flatmap(
        lambda rows: st.tuples(
            st.just(rows),
            st.lists(st.integers(0, len(rows) - 1), min_size=len(rows), max_size=len(rows)),
        )
    )


@settings(max_examples=60)
@given(drawn_rows(st.tuples(st.integers(0, 2), st.integers(0, 2))))
def test_classification_equals_the_score_of_the_table_written_out(
    case: tuple[list[tuple[int, int]], list[int]],
) -> None:
    """Matthews and accuracy of three classes, F1 of two; a class may be missing."""
    rows, drawn = case
    said, wanted = (np.array(column) for column in zip(*rows, strict=True))

    literally(["accuracy", "matthews_correlation"], predicted(said, wanted), drawn)
    literally(["f1"], predicted(said % 2, wanted % 2), drawn)


@settings(max_examples=60)
@given(drawn_rows(st.tuples(st.integers(-40, 40), st.integers(0, 5))))
def test_correlations_equal_the_score_of_the_table_written_out(
    case: tuple[list[tuple[int, int]], list[int]],
) -> None:
    """With ties, constants, and far from zero."""
    rows, drawn = case
    said, wanted = (np.array(column, dtype=float) for column in zip(*rows, strict=True))

    literally(CORRELATIONS, predicted(1e6 + said / 7, wanted), drawn)


@settings(max_examples=30)
@given(
    drawn_rows(
        st.tuples(st.sampled_from(WORDS), st.lists(st.sampled_from(WORDS), min_size=1, max_size=3))
    )
)
def test_spans_equal_the_score_of_the_table_written_out(
    case: tuple[list[tuple[str, list[str]]], list[int]],
) -> None:
    """The best answer of each question, in each resample."""
    rows, drawn = case

    literally(SPANS, predicted([said for said, _ in rows], [wanted for _, wanted in rows]), drawn)


def test_masked_accuracy_equals_the_score_of_the_table_written_out() -> None:
    """A resample of long sequences counts more words: 3 x 4 of 3 x 9, 1 of 1."""
    table = pa.table({"correct": [1, 4, 0, 2], "total": [1, 9, 3, 2]})

    literally(["masked_accuracy"], table, [1, 1, 1, 0])
    found = replicates("masked_accuracy", table, np.array([[1, 3, 0, 0]], dtype=np.uint8))
    assert found == pytest.approx([100 * 13 / 28])


def test_a_resample_without_hidden_words_counts_as_0() -> None:
    """There is nothing to be right about."""
    table = pa.table({"correct": [1, 0], "total": [1, 0]})

    found = replicates("masked_accuracy", table, np.array([[0, 2]], dtype=np.uint8))

    assert list(found) == [0]


@pytest.mark.parametrize("far", [0.0, 1e3, -7.3])
@pytest.mark.parametrize("name", CORRELATIONS)
def test_a_resample_of_one_example_only_correlates_with_nothing(name: str, far: float) -> None:
    """A rounding error is no variance."""
    values = np.random.default_rng(1).normal(far, 1.3, (2, 50))
    alone = 50 * np.eye(50, dtype=np.uint8)

    assert not replicates(name, predicted(*values), alone).any()


def test_every_metric_of_the_table_of_tasks_has_replicates() -> None:
    """And a perfect prediction is perfect on every resample in which it is defined."""
    numbers = np.arange(40) % 2
    perfect = {
        "classification": predicted(numbers, numbers),
        "regression": predicted(numbers / 3, numbers / 3),
        "span": predicted(["x"] * 40, [["x"]] * 40),
        "mlm": pa.table({"correct": [3] * 40, "total": [3] * 40}),
    }

    for head, names in METRICS.items():
        for name in names:
            found = replicates(name, perfect[head], draw_resamples("any", 40))
            assert found == pytest.approx(np.full(REPLICATES, 100)), name


def test_a_resample_has_as_many_examples_and_each_is_as_likely() -> None:
    """Multinomial counts: n in a row; each example's mean and variance are nearly one."""
    found = draw_resamples("sentence", 200)

    assert found.shape == (REPLICATES, 200)
    assert set(found.sum(axis=1, dtype=int)) == {200}
    assert np.abs(found.mean(axis=0) - 1).max() < 5 / np.sqrt(REPLICATES)
    assert found.var() == pytest.approx(199 / 200, abs=0.02)


def test_resamples_belong_to_the_task_and_are_always_the_same() -> None:
    """All trainings on a target are paired, in any process, after any other target."""
    first = draw_resamples("sentence", 30).copy()

    assert not np.array_equal(draw_resamples("pair", 30), first)
    draw_resamples.cache_clear()
    assert np.array_equal(draw_resamples("sentence", 30), first)
    with pytest.raises(ValueError, match="read-only"):
        draw_resamples("sentence", 30)[0, 0] = 1


def test_chunks_are_of_no_consequence(monkeypatch: pytest.MonkeyPatch) -> None:
    """One resample at a time, or all at once."""
    values = np.random.default_rng(2).normal(size=(2, 60))
    tables = {"pearson": predicted(*values), "accuracy": predicted(*(values > 0).astype(int))}
    resamples = draw_resamples("pair", 60)
    whole = {name: replicates(name, table, resamples) for name, table in tables.items()}

    monkeypatch.setattr(resampling, "CHUNK", 60)

    for name, table in tables.items():
        assert replicates(name, table, resamples) == pytest.approx(whole[name], rel=1e-6)


def test_forty_thousand_examples_need_little_memory() -> None:
    """As many as QQP's: far less than the 320 MB of all counts as doubles."""
    said, wanted = np.random.default_rng(3).integers(0, 2, (2, 40_000))
    table = predicted(said, wanted)

    tracemalloc.start()
    found = replicates("accuracy", table, draw_resamples("qqp", 40_000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    draw_resamples.cache_clear()

    assert found.std() == pytest.approx(100 * 0.5 / 200, rel=0.1)
    assert peak < 80e6


def correlation(one: NDArray[Any], other: NDArray[Any]) -> float:
    return 100 * float(np.corrcoef(one, other)[0, 1])


def test_percentiles_are_those_of_scipys_bootstrap() -> None:
    """Within a third of a standard error: of 1,000 resamples, the ends have one of 0.09 each."""
    random = np.random.default_rng(4)
    wanted = random.normal(size=300)
    said = wanted + random.normal(size=300)

    found = replicates("pearson", predicted(said, wanted), draw_resamples("pair", 300))

    theirs = stats.bootstrap(
        (said, wanted),
        correlation,
        paired=True,
        vectorized=False,
        n_resamples=REPLICATES,
        method="percentile",
        rng=np.random.default_rng(5),
    )
    within = 0.35 * theirs.standard_error
    assert found.std(ddof=1) == pytest.approx(theirs.standard_error, rel=0.1)
    assert np.percentile(found, 2.5) == pytest.approx(theirs.confidence_interval.low, abs=within)
    assert np.percentile(found, 97.5) == pytest.approx(theirs.confidence_interval.high, abs=within)
