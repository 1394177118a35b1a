from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit_inputs import places, read
from forgery import flip, parameters, restate
from tickets import canonical, provenance
from tickets.audit import scores
from tickets.audit.findings import Finding
from tickets.names import THETA_0, imp, oneshot, training, winning
from tickets.paths import Results, parse_predictions
from tickets.scores.rows import SCHEMA
from tickets.scores.table import scores as scored

METRICS = {
    "cola": ["matthews_correlation", "accuracy"],
    "stsb": ["pearson", "spearman"],
    "squad": ["span_f1", "exact_match"],
    "mlm": ["masked_accuracy"],
}
TRANSFER, BASELINES = "metrics/transfer.parquet", "metrics/baselines.parquet"
DENSE, TICKET, MAJORITY = (
    "predictions/theta_0/dense/on-cola/seed-1.parquet",
    "predictions/theta_0/imp/cola/rewind-0/seed-2/sparsity-70/on-cola/seed-2.parquet",
    "predictions/majority/on-cola.parquet",
)
# Of 4 examples 3 are right; 2 true positives, 1 true and 1 false negative: Matthews is
# (2 * 1 - 0 * 1) / sqrt(2 * 3 * 1 * 2).
MATTHEWS, ACCURACY = 100 * 2 / math.sqrt(12), 75.0

Rows = list[dict[str, Any]]


def put(root: Path, path: str, table: Mapping[str, Any]) -> None:
    """A predictions file with its statement."""
    canonical.write(root / path, pa.table(dict(table)))
    state(root, path, [])


def state(root: Path, path: str, made_of: list[str], **parameters: Any) -> None:
    provenance.write(
        root / path,
        rule="made_up",
        parameters=parameters,
        dependencies={name: root / name for name in made_of},
        started=provenance.now(),
    )


def classes(said: list[int], wanted: list[int]) -> dict[str, list[Any]]:
    return {"id": list("abcd"), "reference": wanted, "prediction": said}


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two tables of scores on four tasks that share the full model's predictions."""
    root = tmp_path_factory.mktemp("scores") / "results"
    files = Results(root=".")

    def trained(mask: str, task: str, seed: int) -> str:
        path = files.predictions(training(THETA_0, mask, task, seed))
        return path.removeprefix("./")

    span = {
        "id": ["a", "b"],
        "reference": [["a cat", "black cat"], ["dog"]],
        "prediction": ["The cat", "big dog"],
    }
    predictions = {
        trained("dense", "cola", 1): classes([1, 0, 1, 0], [1, 0, 1, 1]),
        trained(imp("cola", "0", 2, "70"), "cola", 2): classes([1, 0, 0, 1], [1, 0, 1, 1]),
        trained(winning("stsb", "0", 1, "winning"), "cola", 1): classes([0] * 4, [1, 0, 1, 1]),
        "predictions/majority/on-cola.parquet": classes([1] * 4, [1, 0, 1, 1]),
        trained("dense", "stsb", 1): classes([0.5, 2, 3, 1], [0.1, 1.5, 4, 2]),
        trained(oneshot("70"), "squad", 1): span,
        trained("dense", "mlm", 1): {"id": ["a", "b"], "correct": [1, 4], "total": [5, 5]},
    }
    assert {DENSE, TICKET, MAJORITY} <= predictions.keys()
    for path, table in predictions.items():
        put(root, path, table)
    for table, made_of in ((TRANSFER, list(predictions)), (BASELINES, [DENSE, MAJORITY])):
        canonical.write(root / table, scored([root / path for path in made_of], METRICS))
        state(root, table, made_of, metrics=METRICS)
    return root


@pytest.fixture
def root(original: Path, tmp_path: Path) -> Path:
    return shutil.copytree(original, tmp_path / "results")


def check(root: Path) -> list[Finding]:
    return list(scores.check(read(root)))


def rewrite(root: Path, change: Callable[[Rows], Any], table: str = BASELINES) -> None:
    """Other rows in a table of scores, and a statement that fits."""
    rows = pq.read_table(root / table).to_pylist()
    change(rows)
    canonical.write(root / table, pa.Table.from_pylist(rows, schema=SCHEMA))
    restate(root / table)


def test_scores_that_predictions_give_are_right(original: Path) -> None:
    """Of classes, numbers, spans and masked words; a majority and a winning mask among them."""
    assert check(original) == []
    table = pq.read_table(original / TRANSFER)
    assert len(table) == 4 * 2 + 2 + 2 + 1


def test_the_scores_are_those_worked_out_by_hand(root: Path) -> None:
    """Both values stand in the finding, and nothing is said of the rows beside it."""

    def change(rows: Rows) -> None:
        for row in rows:
            if row["finder"] == "dense":
                row["score"] += 1

    rewrite(root, change)
    findings = check(root)

    assert places(findings) == [(BASELINES, "wrong-score")] * 2
    for name, score, finding in zip(METRICS["cola"], (MATTHEWS, ACCURACY), findings, strict=True):
        start = f"{DENSE}: {name}'s score is "
        assert finding.message.startswith(start)
        stated, again = finding.message.removeprefix(start).split(", scored again ")
        assert float(again) == pytest.approx(score)
        assert float(stated) == pytest.approx(score + 1)


def test_the_last_digits_may_be_another_processors(root: Path) -> None:
    """A billionth of a percent is no other score; a millionth is."""
    rewrite(root, lambda rows: rows[0].update(score=rows[0]["score"] + 1e-11))
    assert check(root) == []

    rewrite(root, lambda rows: rows[0].update(score=rows[0]["score"] + 1e-6))
    assert places(check(root)) == [(BASELINES, "wrong-score")]


def of_primary(rows: Rows) -> dict[str, Any]:
    return next(row for row in rows if row["primary"])


def one_replicate(rows: Rows) -> None:
    of_primary(rows)["replicates"][500] += 0.01


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda rows: rows[0].update(score=math.nan), ["score is nan"]),
        (lambda rows: rows[0].update(score=None), ["score is None"]),
        (lambda rows: rows[1].update(primary=True), ["primary is True"]),
        (lambda rows: rows[0].update(examples=5), ["examples is 5, scored again 4"]),
        (one_replicate, ["bootstrap replicates are not"]),
        (lambda rows: of_primary(rows)["replicates"].pop(), ["bootstrap replicates are not"]),
        (lambda rows: of_primary(rows).update(replicates=None), ["bootstrap replicates are not"]),
        (lambda rows: rows[1].update(replicates=[1.0]), ["bootstrap replicates are not"]),
        (lambda rows: rows.pop(0), ["no row for"]),
        (lambda rows: rows.append(rows[0]), ["a row too many"]),
        (lambda rows: rows[0].update(mask_seed=7), ["a row too many", "no row for"]),
        (lambda rows: rows[0].update(sparsity=0.5), ["a row too many", "no row for"]),
        (lambda rows: rows[0].update(metric="f1"), ["a row too many", "no row for"]),
        (lambda rows: rows[0].update(target_task=None), ["a row too many", "no row for"]),
    ],
)
def test_a_row_that_was_changed_is_named(
    change: Callable[[Rows], Any], says: list[str], root: Path
) -> None:
    """Its score, what it is of, its replicates, or that it is there."""
    rewrite(root, change)

    findings = check(root)

    assert places(findings) == [(BASELINES, "wrong-score")] * len(says)
    for finding, words in zip(findings, says, strict=True):
        assert words in finding.message


def test_the_order_of_rows_says_nothing(root: Path) -> None:
    """Tables pick their rows by what they are of."""
    rewrite(root, lambda rows: rows.reverse(), TRANSFER)

    assert check(root) == []


def test_other_predictions_give_other_scores(root: Path) -> None:
    """In every table that was made of them; other files' rows are right still."""
    table = pq.read_table(root / DENSE)
    right = table.set_column(2, "prediction", table["reference"])
    canonical.write(root / DENSE, right)
    restate(root / DENSE)

    findings = check(root)

    assert set(places(findings)) == {(BASELINES, "wrong-score"), (TRANSFER, "wrong-score")}
    assert all(finding.message.startswith(f"{DENSE}: ") for finding in findings)
    of_accuracy = [each.message for each in findings if "accuracy's score" in each.message]
    assert of_accuracy == [f"{DENSE}: accuracy's score is 75.0, scored again 100.0"] * 2


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"id": ["a"], "prediction": [1]}, "KeyError"),
        ({"reference": ["yes"], "prediction": ["no"]}, "not int64"),
        ({"reference": [0.5], "prediction": [0.5]}, "not int64"),
        ({"reference": [1, None], "prediction": [1, 0]}, "not a number"),
        ({"reference": pa.array([], pa.int64()), "prediction": pa.array([], pa.int64())}, "no pre"),
        ({"reference": [[1]], "prediction": [{"a": 1}]}, "not int64"),
    ],
)
def test_predictions_without_a_score_are_named_once(
    table: dict[str, Any], says: str, root: Path
) -> None:
    """Not by each table, whose rows then are not judged."""
    put(root, DENSE, table)

    [finding] = check(root)

    assert (finding.path, finding.code) == (DENSE, "wrong-score")
    assert "cannot be scored again" in finding.message
    assert says in finding.message


def test_rows_that_only_a_header_claims_take_no_memory(root: Path) -> None:
    """A million equal rows fit into few bytes; so many examples no file of that size holds."""
    same = pa.array([1] * 1_000_000)
    put(root, DENSE, {"reference": same, "prediction": same})

    [finding] = check(root)

    assert (finding.path, finding.code) == (DENSE, "wrong-score")
    assert "claims 1,000,000 rows" in finding.message


@pytest.mark.parametrize(
    "data",
    [b"", b"PAR1", b"PAR1" * 400, b"x" * 4000, b"PAR1" + bytes(4000) + b"PAR1"],
    ids=["empty", "magic", "magics", "text", "zeros"],
)
def test_what_is_no_table_is_a_finding(data: bytes, root: Path) -> None:
    """Nothing of it is read twice."""
    restate(root / BASELINES, data)
    restate(root / DENSE, data)

    assert set(places(check(root))) == {(BASELINES, "wrong-score"), (DENSE, "wrong-score")}


def test_a_table_with_other_columns_is_a_finding(root: Path) -> None:
    """One renamed, one of another type."""
    table = pq.read_table(root / BASELINES)
    wider = table.set_column(8, "seed", table["seed"].cast(pa.float64()))
    for other in (table.rename_columns([*table.column_names[:-1], "others"]), wider):
        canonical.write(root / BASELINES, other)
        restate(root / BASELINES)

        [finding] = check(root)

        assert (finding.path, finding.code) == (BASELINES, "wrong-score")
        assert "it has other columns" in finding.message


@pytest.mark.parametrize(
    "asked",
    [None, [], "accuracy", {}, {"cola": []}, {"cola": "accuracy"}, {"cola": [1]}, {"cola": [[]]}],
)
def test_a_statement_has_to_say_what_tasks_are_scored_by(asked: Any, root: Path) -> None:
    """Else its table cannot be judged."""
    restate(root / BASELINES, edit=lambda value: parameters(value).update(metrics=asked))

    [finding] = check(root)

    assert (finding.path, finding.code) == (BASELINES, "wrong-score")
    assert "its statement names no metrics for cola" in finding.message


def test_a_metric_that_there_is_not_is_named(root: Path) -> None:
    """As a fault of what it should be computed from: nothing can be."""
    edit = {"cola": ["bleu"]}
    restate(root / BASELINES, edit=lambda value: parameters(value).update(metrics=edit))

    findings = check(root)

    assert places(findings[:2]) == [(MAJORITY, "wrong-score"), (DENSE, "wrong-score")]
    assert all("no metric bleu; there are accuracy," in each.message for each in findings[:2])
    assert {finding.path for finding in findings[2:]} == {BASELINES}


def test_what_others_name_is_left_out(root: Path) -> None:
    """Predictions that are missing, changed or not stated, tables that were changed, files that no
    study has.
    """
    (root / DENSE).unlink()
    flip(root / TICKET, 100)
    provenance.statement_path(root / MAJORITY).unlink()
    shutil.copy(root / TRANSFER, root / "metrics" / "other.parquet")
    assert check(root) == []

    flip(root / BASELINES, 2000)
    assert check(root) == []


def test_each_file_is_scored_once(original: Path) -> None:
    """However many tables it is in; a job has one task."""
    jobs = scores.jobs(read(original))

    paths = [path for job in jobs for path in job.sources.digests]
    assert len(paths) == len(set(paths)) == 7
    for job in jobs:
        [task] = {parse_predictions(path).task for path in job.sources.digests}
        assert job.metrics == tuple(METRICS[task])


def test_processes_find_the_same(root: Path) -> None:
    """Jobs and what they find can be sent from one to another."""
    rewrite(root, lambda rows: rows[0].update(score=1.0))
    put(root, TICKET, {"id": ["a"]})
    with ProcessPoolExecutor(1) as pool:
        found = list(scores.check(read(root), pool))

    assert len(found) == 2
    assert found == check(root)


def test_a_file_that_changes_during_the_audit_is_named(root: Path) -> None:
    """What is scored is what was hashed."""
    files = read(root)
    for path in (DENSE, BASELINES):
        flip(root / path, 100)

    found = list(scores.check(files))

    assert places(found) == [(DENSE, "changed-meanwhile"), (BASELINES, "changed-meanwhile")]


@pytest.fixture(scope="module")
def scratch(original: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shutil.copytree(original, tmp_path_factory.mktemp("scratch") / "results")


@settings(max_examples=40)
@given(path=st.sampled_from([BASELINES, DENSE]), data=st.data())
def test_hostile_bytes_make_findings_and_no_errors(
    path: str, data: st.DataObject, original: Path, scratch: Path
) -> None:
    """Whatever is cut off, overwritten or put in, with a statement that fits."""
    content = (original / path).read_bytes()
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.sampled_from([start, min(start + 8, len(content)), len(content)]))
    forged = content[:start] + data.draw(st.binary(max_size=8)) + content[end:]
    (scratch / path).write_bytes(forged)
    shutil.copy(
        provenance.statement_path(original / path), provenance.statement_path(scratch / path)
    )
    restate(scratch / path)

    found = check(scratch)

    assert all(finding.code == "wrong-score" for finding in found)
    for name in (path, f"{path}.prov.json"):
        shutil.copy(original / name, scratch / name)
