from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tickets import canonical, provenance
from tickets.errors import BadInput, Tampered
from tickets.names import DENSE, THETA_0, imp, oneshot, reinit, training, winning
from tickets.paths import Results
from tickets.scores.resampling import REPLICATES
from tickets.scores.table import SCHEMA, scores

METRICS = {"cola": ["matthews_correlation", "accuracy"], "stsb": ["pearson"]}


def put(path: str, predictions: list[Any], references: list[Any]) -> Path:
    rows = [str(i) for i in range(len(predictions))]
    table = pa.table({"id": rows, "reference": references, "prediction": predictions})
    canonical.write(Path(path), table)
    provenance.write(
        Path(path), rule="train", parameters={}, dependencies={}, started=provenance.now()
    )
    return Path(path)


@pytest.fixture
def study(tmp_path: Path) -> list[Path]:
    """Four trainings and a majority answer."""
    results = Results(root=str(tmp_path))
    classes = [1, 0, 1, 1], [1, 0, 0, 1]
    ticket = imp("stsb", "5", 2, "70")
    return [
        put(results.predictions(training(THETA_0, DENSE, "cola", 1)), *classes),
        put(results.predictions(training(THETA_0, ticket, "cola", 3)), *classes),
        put(results.predictions(training(reinit(3), oneshot("70"), "cola", 3)), *classes),
        put(results.predictions(training(THETA_0, DENSE, "stsb", 1)), [1.0, 2.0], [1.5, 2.5]),
        put(results.majority("cola"), [1, 1, 1, 1], classes[1]),
    ]


def test_one_row_a_training_and_metric(study: list[Path]) -> None:
    """The identity comes from the path, the score from the file, the primary from the order."""
    found = scores(study, METRICS)
    rows = {
        (row["weights"], row["finder"], row["target_task"], row["metric"]): row
        for row in found.to_pylist()
    }

    assert found.schema == SCHEMA
    assert found.num_rows == len(rows) == 4 * 2 + 1
    assert rows["theta_0", "imp", "cola", "accuracy"] == {
        "weights": "theta_0",
        "finder": "imp",
        "source_task": "stsb",
        "rewind": 5.0,
        "mask_seed": 2,
        "sparsity": 0.7,
        "at": None,
        "target_task": "cola",
        "seed": 3,
        "metric": "accuracy",
        "primary": False,
        "score": 75.0,
        "examples": 4,
        "distinct": 2,
        "replicates": None,
    }
    assert rows["theta_0", "dense", "cola", "matthews_correlation"]["primary"]
    assert rows["theta_0", "dense", "cola", "matthews_correlation"]["sparsity"] == 0
    assert rows["theta_0", "dense", "stsb", "pearson"]["score"] == pytest.approx(100)
    assert rows["reinit", "oneshot", "cola", "accuracy"]["mask_seed"] is None
    constant = rows["none", "majority", "cola", "accuracy"]
    assert (constant["score"], constant["seed"], constant["source_task"]) == (50.0, None, None)


def test_a_mask_at_its_winning_sparsity_says_so_and_has_no_number(tmp_path: Path) -> None:
    """The number is the mask's own; the path names the criterion."""
    name = training(THETA_0, winning("stsb", "0", 2, "winning_strict"), "cola", 2)
    path = put(Results(root=str(tmp_path)).predictions(name), [1, 0], [1, 0])

    for row in scores([path], METRICS).to_pylist():
        assert (row["finder"], row["source_task"], row["at"]) == ("imp", "stsb", "winning_strict")
        assert math.isnan(row["sparsity"])


def test_the_primary_metric_has_replicates_that_trainings_on_one_target_share(
    study: list[Path],
) -> None:
    """Equal predictions have equal replicates; each lies about its score."""
    rows = scores(study, METRICS).to_pylist()
    primary = [row for row in rows if row["primary"]]
    one, other = (row for row in primary if (row["target_task"], row["seed"]) == ("cola", 3))

    assert {len(row["replicates"]) for row in primary} == {REPLICATES}
    assert all(row["replicates"] is None for row in rows if not row["primary"])
    assert one["finder"] != other["finder"]
    assert one["replicates"] == other["replicates"]
    assert min(one["replicates"]) < one["score"] < max(one["replicates"])


def test_rows_do_not_depend_on_the_order_of_files(study: list[Path]) -> None:
    """Snakemake may list inputs in any order."""
    assert scores(study, METRICS).equals(scores(study[::-1], METRICS))


def test_every_refusal_names_the_file(study: list[Path], tmp_path: Path) -> None:
    """A task without metrics, a path of nothing, a score that is not a number, a changed file."""
    with pytest.raises(BadInput, match=r"on-stsb/seed-1\.parquet: no metrics .* stsb"):
        scores(study, {"cola": ["accuracy"]})
    with pytest.raises(BadInput, match=r"elsewhere\.parquet"):
        scores([put(str(tmp_path / "elsewhere.parquet"), [1], [1])], METRICS)
    broken = Results(root=str(tmp_path)).predictions(training(THETA_0, DENSE, "stsb", 2))
    put(broken, [float("nan"), 1.0], [1.0, 2.0])
    with pytest.raises(BadInput, match=r"on-stsb/seed-2\.parquet: .* not a number"):
        scores([Path(broken)], METRICS)
    put(str(study[0]), [0, 0], [0, 1])
    canonical.write(study[0], canonical.read(study[1]))
    with pytest.raises(Tampered):
        scores(study, METRICS)
