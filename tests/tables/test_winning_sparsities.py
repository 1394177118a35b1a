from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fake_metrics
import statement_json
from fake_metrics import Rows, frame, trainings
from fake_tickets import changed, own
from table_command import make_table
from tickets import provenance
from tickets.errors import BadInput, Tampered
from tickets.tables import winners, winning_sparsities
from tickets.tables.cells import csv

LABELS = ("10", "20", "34.39", "40")

EXPECTED = """\
task,criterion,sparsity
sentence,within_std,34.39
sentence,strict,10
pair,within_std,0
pair,strict,0
"""


def two_tasks() -> Rows:
    """One task whose ticket loses at 20 % and wins again beyond; another's never wins."""
    return [
        *trainings("dense", "sentence", [90, 92, 94]),  # mean 92, standard deviation 2
        *own("sentence", 0.1, [91, 92, 93]),
        *own("sentence", 0.2, [89, 89, 89]),
        *own("sentence", 0.3439, [90, 90, 90]),  # just reaches 92 - 2
        *own("sentence", 0.4, [89.9, 90, 90]),
        *trainings("dense", "pair", [50, 50, 50]),
        *(
            row
            for sparsity in (0.1, 0.2, 0.3439, 0.4)
            for row in own("pair", sparsity, [49, 50, 50])
        ),
    ]


def table_of(rows: Rows, labels: tuple[str, ...] = LABELS) -> str:
    return csv(
        winning_sparsities.winning_sparsities_table(frame(rows), ["sentence", "pair"], labels, 0)
    ).decode()


def test_the_highest_winning_sparsity_counts_even_beyond_one_that_loses() -> None:
    """Labels stay as they were given; a task without a winning ticket has 0."""
    assert table_of(two_tasks()) == EXPECTED


def test_highest_is_a_number_and_no_matter_of_the_order_given() -> None:
    """Nor of the labels' alphabet: 9 is below 10."""
    rows = [*two_tasks(), *own("sentence", 0.09, [92, 92, 92]), *own("pair", 0.09, [1, 1, 1])]

    assert table_of(rows, ("34.39", "9", "40", "10", "20")) == EXPECTED


def test_with_one_seed_the_full_models_score_itself_has_to_be_reached() -> None:
    """Both criteria are then the same."""
    single = [row for row in two_tasks() if row["seed"] == 1]  # 90; 91, 89, 90 and 89.9

    assert table_of(single).splitlines()[1:3] == [
        "sentence,within_std,34.39",
        "sentence,strict,34.39",
    ]


@pytest.mark.parametrize(
    "other",
    [
        {"rewind": 10.0},
        {"weights": "theta_i"},
        {"source_task": "pair"},
        {"at": "winning"},
        {"finder": "standard"},
        {"primary": False},
    ],
)
def test_trainings_of_another_kind_do_not_win(other: dict[str, object]) -> None:
    """Another rewind, weights, source, finder or metric is no ticket of the task."""
    decoys = changed(own("sentence", 0.4, [99, 99, 99]), **other)

    assert table_of([*two_tasks(), *decoys]) == EXPECTED


@settings(max_examples=25)
@given(
    full=st.lists(st.integers(50, 60), min_size=2, max_size=4),
    data=st.data(),
    count=st.integers(1, 4),
)
def test_the_table_agrees_with_a_straight_line_count(
    full: list[int], data: st.DataObject, count: int
) -> None:
    """Means, deviations and both criteria in plain arithmetic."""
    n = len(full)
    scores = [
        data.draw(st.lists(st.integers(45, 62), min_size=n, max_size=n)) for _ in range(count)
    ]
    rows = [*trainings("dense", "pair", full)]
    for number, ticket in enumerate(scores, 1):
        rows += own("pair", number / 10, ticket)

    found = winning_sparsities.winning_sparsities_table(
        frame(rows), ["pair"], [str(10 * number) for number in range(1, count + 1)], 0
    )

    mean = sum(full) / n
    std = (sum((score - mean) ** 2 for score in full) / (n - 1)) ** 0.5
    expected = {"within_std": "0", "strict": "0"}
    for number, ticket in enumerate(scores, 1):
        if sum(ticket) / n >= mean - std - 1e-4:  # tables are rounded before they are compared
            expected["within_std"] = str(10 * number)
        if sum(ticket) / n >= mean:
            expected["strict"] = str(10 * number)
    assert dict(zip(found["criterion"], found["sparsity"], strict=True)) == expected


def test_a_missing_sparsity_is_named() -> None:
    """A gap is not taken for a loss."""
    with pytest.raises(BadInput, match=r"imp mask of sentence at sparsity 0\.5"):
        table_of(two_tasks(), (*LABELS, "50"))


def test_a_ticket_that_lacks_a_seed_is_named() -> None:
    """A mean over two seeds does not win against a mean over three."""
    rows = [row for row in two_tasks() if (row["sparsity"], row["seed"]) != (0.2, 3)]

    with pytest.raises(BadInput, match=r"sparsity 0\.2.* has seeds \[1, 2\]"):
        table_of(rows)


def test_the_command_writes_a_table_that_is_read_back(tmp_path: Path) -> None:
    """With its statement, which names the metrics; a table that was edited is refused."""
    metrics = fake_metrics.write(two_tasks(), tmp_path / "metrics.parquet")
    output = tmp_path / "tables" / "winning_sparsities.csv"
    parameters = {"tasks": ["sentence", "pair"], "sparsities": LABELS, "rewind": "0.0"}

    done = make_table("winning_sparsities", tmp_path, parameters, {"metrics": metrics})

    assert done.returncode == 0, done.stderr
    assert provenance.read(output).decode() == EXPECTED
    assert provenance.subject_digest(metrics) in str(statement_json.statement(output))
    assert winners.read(output) == {
        ("sentence", "within_std"): "34.39",
        ("sentence", "strict"): "10",
        ("pair", "within_std"): "0",
        ("pair", "strict"): "0",
    }
    output.write_text(EXPECTED.replace("34.39", "40"))
    with pytest.raises(Tampered):
        winners.read(output)


def test_another_table_is_not_read_as_winning_sparsities(tmp_path: Path) -> None:
    """Its columns tell."""
    path = tmp_path / "transfer.csv"
    path.write_text("source,target,sparsity\nsentence,pair,0.7\n")
    fake_metrics.state(path)

    with pytest.raises(BadInput, match=r"transfer\.csv: no table of winning sparsities"):
        winners.read(path)
