from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import fake_metrics
import statement_json
from fake_metrics import Rows, frame, trainings
from table_command import make_table
from tickets import canonical, provenance
from tickets.errors import BadInput
from tickets.tables.cells import csv
from tickets.tables.earlier import transferability as earlier
from tickets.tables.transferability import transferability_table

TASKS = ("sentence", "pair", "mlm")
SIZES = {"sentence": 100, "pair": 300, "mlm": 900, "pair_30": 30}
PARENTS = {"pair_30": "pair"}
PLAIN = """\
source,subset_of,train_examples,targets,n,mean,std,low,high
sentence,,100,2,3,-2.0000,1.0000,-3.0000,-1.0000
pair,,300,2,3,-5.0000,1.0000,-6.0000,-4.0000
mlm,,900,2,3,0.0000,0.0000,0.0000,0.0000
pair_30,pair,30,2,3,-20.0000,0.5000,-20.5000,-19.5000
"""
"""By plain means, worked out by hand."""


def study() -> Rows:
    """Full models 90, and 60 for mlm, which vary with the seed, and so do the masks' scores."""
    full = {"sentence": (89, 90, 91), "pair": (90, 90, 90), "mlm": (60, 61, 59)}
    losses = {  # by source, a seed each, on every target but the source and its parent
        "sentence": {"pair": (-1, -2, -3), "mlm": (-1, -2, -3)},
        "pair": {"sentence": (-8, -10, -12), "mlm": (0, 0, 0)},
        "mlm": {"sentence": (1, -1, 0), "pair": (-1, 1, 0)},
        "pair_30": {"sentence": (-9, -10, -11), "mlm": (-30, -30, -30)},
    }
    rows: Rows = []
    for target, scores in full.items():
        rows += trainings("dense", target, scores)
        rows += trainings("imp", target, [99, 99, 99], source=target)
    rows += trainings("imp", "pair", [99, 99, 99], source="pair_30")
    for source, by_target in losses.items():
        for target, by in by_target.items():
            scores = [score + loss for score, loss in zip(full[target], by, strict=True)]
            rows += trainings("imp", target, scores, source=source)
    return rows


def table(rows: Rows) -> pd.DataFrame:
    return transferability_table(frame(rows), TASKS, PARENTS, SIZES, fake_metrics.SPARSITY, 0)


def fitted(deltas: dict[tuple[str, str], float]) -> dict[str, float]:
    """a_S + mean of b_T, by least squares with a dummy variable for each source and target."""
    columns = [("source", s) for s in SIZES] + [("target", t) for t in TASKS]
    dummies = [
        [float(name == (source if side == "source" else target)) for side, name in columns]
        for source, target in deltas
    ]
    effects, *_ = np.linalg.lstsq(np.array(dummies), np.array([*deltas.values()]), rcond=None)
    of = dict(zip(columns, effects, strict=True))
    everywhere = np.mean([of["target", target] for target in TASKS])
    return {source: float(of["source", source] + everywhere) for source in SIZES}


def by_pair(seed: int) -> dict[tuple[str, str], float]:
    """One seed's differences from the full model, without those on a source's own task."""
    scores = {
        (r["source_task"], r["target_task"]): r["score"] for r in study() if r["seed"] == seed
    }
    return {
        (source, target): scores[source, target] - scores[None, target]
        for source in SIZES
        for target in TASKS
        if target not in (source, PARENTS.get(source))
    }


def test_means_and_deviations_are_those_of_the_additive_fit() -> None:
    """Of each seed's differences, by a solver that knows nothing of the table."""
    fits = pd.DataFrame([fitted(by_pair(seed)) for seed in (1, 2, 3)])

    found = table(study()).set_index("source")

    assert list(found.index) == list(SIZES)
    assert dict(found["mean"]) == pytest.approx(dict(fits.mean()), abs=1e-4)
    assert dict(found["std"]) == pytest.approx(dict(fits.std(ddof=1)), abs=1e-4)
    assert list(found["targets"]) == [2, 2, 2, 2]
    assert list(found["subset_of"]) == ["", "", "", "pair"]
    # Of the 27 resamples of three seeds, 3.7 % hold one seed only: from the least to the greatest.
    assert dict(found["low"]) == pytest.approx(dict(fits.min()), abs=1e-4)
    assert dict(found["high"]) == pytest.approx(dict(fits.max()), abs=1e-4)


def test_the_interval_is_of_the_examples_too() -> None:
    """One seed: percentiles of the fits to the replicates, each by itself."""
    rows = [row for row in study() if row["seed"] == 1]
    noise = np.random.default_rng(0)
    drawn = {
        (row["source_task"], row["target_task"]): row["score"]
        + noise.normal(size=fake_metrics.REPLICATES)
        for row in rows
    }
    for row in rows:
        row["replicates"] = list(drawn[row["source_task"], row["target_task"]])
    fits = [
        fitted({(s, t): drawn[s, t][b] - drawn[None, t][b] for s, t in by_pair(1)})["sentence"]
        for b in range(fake_metrics.REPLICATES)
    ]
    low, high = np.percentile(fits, (2.5, 97.5))

    [found, *_] = table(rows).to_dict("records")

    assert (found["low"], found["high"]) == pytest.approx((low, high), abs=1e-4)
    assert np.isnan(found["std"])


def test_a_hard_target_is_no_advantage_to_its_own_source() -> None:
    """All masks are alike, and all lose 30 points on one target: all have the same mean."""
    rows: Rows = []
    for target in TASKS:
        rows += trainings("dense", target, [90, 90])
        score = 60 if target == "pair" else 90
        for source in TASKS:
            rows += trainings("imp", target, [score, score], source=source)

    found = transferability_table(frame(rows), TASKS, {}, SIZES, fake_metrics.SPARSITY, 0)

    assert list(found["mean"]) == [-10, -10, -10]
    plain = earlier.transferability_table(frame(rows), TASKS, {}, SIZES, fake_metrics.SPARSITY, 0)
    assert list(plain["mean"]) == [-15, 0, -15]


def test_two_tasks_leave_nothing_to_fit() -> None:
    """Each has one target, and its difference there."""
    rows = [
        row for row in study() if {row["source_task"], row["target_task"]} <= {*TASKS[:2], None}
    ]

    found = transferability_table(frame(rows), TASKS[:2], {}, SIZES, fake_metrics.SPARSITY, 0)

    assert list(found["mean"]) == [-2, -10]


def test_earlier_versions_took_plain_means() -> None:
    """Neither the source itself nor its parent counts; the deviation is of means over targets."""
    found = earlier.transferability_table(
        frame(study()), TASKS, PARENTS, SIZES, fake_metrics.SPARSITY, 0
    )

    assert csv(found).decode() == PLAIN


def test_examples_that_were_not_given_are_asked_for() -> None:
    """Whose, and how to write it."""
    with pytest.raises(BadInput, match=r"no number of examples of pair_30"):
        transferability_table(frame(study()), TASKS, PARENTS, dict.fromkeys(TASKS, 1), 0.7, 0)


def test_a_single_task_has_nowhere_to_transfer_to() -> None:
    """That is said, not a mean of nothing."""
    with pytest.raises(BadInput, match=r"no target besides pair"):
        transferability_table(frame(study()), ["pair"], {}, SIZES, 0.7, 0)


def test_targets_with_other_seeds_have_no_mean() -> None:
    """A seed's mean over targets needs that seed on every target."""
    rows = [row for row in study() if (row["target_task"], row["seed"]) != ("mlm", 3)]

    with pytest.raises(BadInput, match=r"seeds \[1, 2, 3\] and \[1, 2\]"):
        table(rows)


def test_a_missing_training_is_named() -> None:
    """The part of a task is a source as any other."""
    rows = [
        row for row in study() if (row["source_task"], row["target_task"]) != ("pair_30", "mlm")
    ]

    with pytest.raises(BadInput, match=r"imp mask of pair_30 .* on mlm"):
        table(rows)


def run(tmp_path: Path, *examples: str) -> subprocess.CompletedProcess[str]:
    metrics = fake_metrics.write(study(), tmp_path / "metrics.parquet")
    parameters = {"tasks": TASKS, "sparsity": "0.7", "rewind": "0.0"}
    parameters |= {"subsets": [("pair_30", "pair")], "fit": "additive"}
    return make_table("transferability", tmp_path, parameters, {"metrics": metrics}, *examples)


def test_the_command_counts_the_examples_and_states_where_it_did(tmp_path: Path) -> None:
    """Sizes, parents and files stand in the statement."""
    paths = {name: tmp_path / f"{name}.parquet" for name in SIZES}
    for name, path in paths.items():
        canonical.write(path, pa.table({"id": range(SIZES[name])}))
        fake_metrics.state(path)

    done = run(tmp_path, *(f"{name}={path}" for name, path in paths.items()))

    assert done.returncode == 0, done.stderr
    written = tmp_path / "tables" / "transferability.csv"
    assert provenance.read(written) == csv(table(study()))
    figure = tmp_path / "figures" / "transferability.svg"
    metrics = provenance.subject_digest(tmp_path / "metrics.parquet")
    assert metrics in str(statement_json.statement(figure))
    made = statement_json.definition(written)
    assert made["externalParameters"]["sizes"] == SIZES
    assert made["externalParameters"]["subsets"] == [["pair_30", "pair"]]
    assert set(SIZES) <= {each["name"] for each in made["resolvedDependencies"]}


@pytest.mark.parametrize("word", ["sentence", "sentence=", "=sentence.parquet"])
def test_the_command_refuses_examples_of_no_source(word: str, tmp_path: Path) -> None:
    """One line that repeats the word."""
    done = run(tmp_path, word)

    assert done.returncode == 1
    assert done.stderr.startswith(f"error: --inputs {word}: ")
    assert done.stderr.count("\n") == 1
