from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics as sklearn

from tickets.errors import BadInput
from tickets.scores import scoring
from tickets.scores.metrics import score
from tickets.scores.scoring import exact, normalize, overlap
from tickets.tasks import METRICS


def predicted(predictions: Any, references: Any) -> pa.Table:
    rows = [str(i) for i in range(len(predictions))]
    return pa.table({"id": rows, "reference": references, "prediction": predictions})


def spans(*rows: tuple[str, list[str]]) -> pa.Table:
    return predicted([said for said, _ in rows], [wanted for _, wanted in rows])


CLASSES = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=40)
PAIRS = st.lists(st.tuples(st.floats(-5, 5), st.floats(-5, 5)), min_size=3, max_size=40)


def matthews(said: np.ndarray, wanted: np.ndarray) -> float:
    """Gorodkin's correlation of two classifications: their indicator matrices' covariance."""
    one, two = (np.eye(3)[labels] - np.eye(3)[labels].mean(axis=0) for labels in (said, wanted))
    norm = np.sqrt((one * one).sum() * (two * two).sum())
    return float((one * two).sum() / norm) if norm else 0.0


@settings(max_examples=25)
@given(CLASSES)
def test_classification_equals_the_definitions(rows: list[tuple[int, int]]) -> None:
    """Accuracy and Matthews in percent, with three classes too; a constant's is 0."""
    said, wanted = (np.array(column) for column in zip(*rows, strict=True))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = score(["accuracy", "matthews_correlation"], predicted(said, wanted))

    assert found["accuracy"] == pytest.approx(100 * np.mean(said == wanted))
    assert found["matthews_correlation"] == pytest.approx(100 * matthews(said, wanted), abs=1e-9)
    if np.ptp(said) and np.ptp(wanted):
        theirs = sklearn.matthews_corrcoef(wanted, said)
        assert found["matthews_correlation"] == pytest.approx(100 * theirs)


def test_f1_is_of_the_positive_class() -> None:
    """Two of three predicted positives are right, two of four positives are found: 4/7."""
    table = predicted([1, 1, 1, 0, 0, 0], [1, 1, 0, 1, 1, 0])

    assert score(["f1"], table) == {"f1": pytest.approx(400 / 7)}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert score(["f1"], predicted([0, 0], [0, 0])) == {"f1": 0.0}


@settings(max_examples=25)
@given(PAIRS)
def test_correlations_equal_scipy(rows: list[tuple[float, float]]) -> None:
    """Pearson and Spearman in percent, wherever they are defined."""
    said, wanted = (np.round(column, 3) for column in zip(*rows, strict=True))
    if np.ptp(said) == 0 or np.ptp(wanted) == 0:
        return
    found = score(["pearson", "spearman"], predicted(said, wanted))

    assert found["pearson"] == pytest.approx(100 * np.corrcoef(said, wanted)[0, 1], abs=1e-6)
    ranks = np.corrcoef(stats.rankdata(said), stats.rankdata(wanted))[0, 1]
    assert found["spearman"] == pytest.approx(100 * ranks, abs=1e-6)


@pytest.mark.parametrize("constant", ["prediction", "reference"])
def test_a_constant_correlates_with_nothing(constant: str) -> None:
    """Undefined correlations are 0, never NaN, and nothing warns."""
    one, two = (3.0, 3.0, 3.0), (1.0, 2.0, 4.0)
    said, wanted = (one, two) if constant == "prediction" else (two, one)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        reals = score(["pearson", "spearman"], predicted(said, wanted))
        classes = score(["matthews_correlation"], predicted([1, 1, 1], [0, 1, 1]))

    assert reals == {"pearson": 0.0, "spearman": 0.0}
    assert classes == {"matthews_correlation": 0.0}


@pytest.mark.parametrize(
    ("answer", "compared"),
    [
        ("The Broncos", "broncos"),
        ("an  apple, a day!", "apple day"),
        ("theatre and banana", "theatre and banana"),
        ("U.S.", "us"),
        ("a.", ""),
        ("Süd-Tirol\tthe", "südtirol"),
        ("", ""),
    ],
)
def test_answers_are_compared_as_squad_publishes(answer: str, compared: str) -> None:
    """Lower case, no ASCII punctuation, no articles as whole words, single spaces."""
    assert normalize(answer) == compared


def test_exact_match_and_overlap_by_hand() -> None:
    """Words count as often as they occur on both sides; nothing shared is 0, empty too."""
    assert exact("The Broncos!", "broncos") == 1
    assert exact("Denver Broncos", "broncos") == 0
    assert overlap("Denver Broncos", "the broncos") == pytest.approx(2 / 3)
    assert overlap("x x y", "x x x") == pytest.approx(2 * 2 / 6)
    assert overlap("", "broncos") == overlap("the", "a") == overlap("x", "y") == 0


def test_span_scores_take_the_best_answer_of_each_question() -> None:
    """Of several answers the best for each metric; an empty prediction scores nothing."""
    table = spans(
        ("the cat", ["Cat.", "black cat"]),
        ("big black cat", ["cat", "black cat sat"]),
        ("", ["cat"]),
        ("dog", ["cat"]),
    )

    assert score(["span_f1", "exact_match"], table) == {
        "span_f1": pytest.approx(100 * (1 + 2 / 3) / 4),
        "exact_match": 25.0,
    }


def test_masked_accuracy_is_of_all_tokens_together() -> None:
    """A long sequence weighs more than a short one."""
    table = pa.table({"id": ["a", "b"], "correct": [1, 1], "total": [1, 9]})

    assert score(["masked_accuracy"], table) == {"masked_accuracy": 20.0}


def test_every_metric_of_the_table_of_tasks_exists() -> None:
    """And a perfect prediction has 100 in each."""
    perfect = {
        "classification": predicted([0, 1, 1], [0, 1, 1]),
        "regression": predicted([0.0, 1.5, 2.0], [0.0, 1.5, 2.0]),
        "span": spans(("x", ["x"])),
        "mlm": pa.table({"id": ["a"], "correct": [3], "total": [3]}),
    }

    for head, names in METRICS.items():
        assert score(names, perfect[head]) == {name: pytest.approx(100) for name in names}


def test_one_call_leaves_nothing_for_the_next() -> None:
    """Metrics are shared between files of a study; each file has its own score."""
    scores = [score(["accuracy"], predicted([0, 1], [0, i])) for i in (0, 1, 0)]

    assert [found["accuracy"] for found in scores] == [50, 100, 50]


def test_evaluate_changes_no_digit() -> None:
    """What the audit computes without it is what the study's table holds."""
    drawn = np.random.default_rng(0)
    labels, reals = drawn.integers(0, 2, (2, 60)), drawn.normal(size=(2, 60))
    tables = {
        ("accuracy", "f1", "matthews_correlation"): predicted(*labels),
        ("pearson", "spearman"): predicted(reals[0].astype(np.float32), reals[1]),
        ("span_f1", "exact_match"): spans(("a big cat", ["cat sat"]), ("dog", ["cat", "Dog."])),
        ("masked_accuracy",): pa.table({"correct": labels[0], "total": labels[0] + 2}),
    }

    for names, table in tables.items():
        assert scoring.score(names, table) == score(names, table)
        assert list(scoring.score(names, table)) == list(names)


@pytest.mark.parametrize("score", [score, scoring.score], ids=["evaluate", "plain"])
def test_what_cannot_be_scored_is_refused(score: Callable[..., Any]) -> None:
    """NaN among predictions, no rows at all, nothing that was hidden."""
    with pytest.raises(BadInput, match="not a number"):
        score(["pearson"], predicted([1.0, math.nan], [1.0, 2.0]))
    with pytest.raises(BadInput, match="no predictions"):
        score(["accuracy"], predicted([0], [0]).slice(0, 0))
    with pytest.raises(BadInput, match="no masked words"):
        score(["masked_accuracy"], pa.table({"correct": [0], "total": [0]}))


def test_nothing_is_rounded_or_guessed_to_be_scored() -> None:
    """Fractions are no classes, texts no numbers; a metric that there is not is named."""
    with pytest.raises(BadInput, match="not int64"):
        scoring.score(["accuracy"], predicted([0.5], [0]))
    with pytest.raises(BadInput, match="not float64"):
        scoring.score(["pearson"], predicted(["1"], ["1"]))
    with pytest.raises(BadInput, match="not text"):
        scoring.score(["span_f1"], predicted([1], [1]))
    with pytest.raises(BadInput, match="no metric bleu"):
        scoring.score(["accuracy", "bleu"], predicted([0], [0]))
