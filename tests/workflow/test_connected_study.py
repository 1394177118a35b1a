"""Lines between two orders of the data, in a study of one task: from trainings to the audit."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml

from studies import planned, snakemake
from tickets.audit.schema_of_statements import problem
from tickets.audit.study import Audit, audit
from tickets.paths import parse_line
from tickets.scores.scoring import score

TARGETS = ("results/tables/connectivity.csv", "results/tables/rewinding.csv")
LINES = 2 * 2  # the full model and one ticket, from theta_0 and from half of a training


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory, prepared: Callable[[Path], Path]) -> Path:
    """A finished study of one task, one seed and one round, whose audit knows its design."""
    folder = prepared(tmp_path_factory.mktemp("connected"))
    file = folder / "config" / "mini.yaml"
    values = yaml.safe_load(file.read_text(encoding="utf-8"))
    changes = {"seeds": [1], "target_sparsity": 0.1, "rewinds": [50]}
    changes["tasks"] = {"mlm": values["tasks"]["mlm"]}
    file.write_text(yaml.safe_dump(values | changes), encoding="utf-8")
    done = snakemake(folder, "--cores", "2", "--", *TARGETS)
    assert done.returncode == 0, done.stdout
    return folder


def audited(results: Path) -> Audit:
    with ThreadPoolExecutor(1) as pool:
        return audit(results, None, pool)


def test_each_end_is_the_score_of_its_own_training(study: Path) -> None:
    """To the bit, as the trainings' predictions give it; and no weights are left."""
    results = study / "results"
    lines = sorted(results.glob("lines/**/*.parquet"))

    assert len(lines) == LINES
    for path in lines:
        second = parse_line(path)
        line = pq.read_table(path)
        ends = [results / f"predictions/{str(second).removesuffix('/order-2')}.parquet"]
        ends.append(results / f"predictions/{second}.parquet")
        own = [score(["masked_accuracy"], pq.read_table(e))["masked_accuracy"] for e in ends]
        assert line["alpha"].to_pylist() == [step / 10 for step in range(11)]
        assert line["masked_accuracy"].to_pylist()[::10] == own
    assert not list(results.glob("trained/**/*.safetensors"))


def test_the_table_has_a_row_for_each_ticket(study: Path) -> None:
    """In the order of rewinds and sparsities, with its text and its figure."""
    table = pd.read_csv(study / TARGETS[0])

    assert table[["rewind", "sparsity"]].to_numpy().tolist() == [
        *([0.0, 0.0], [0.0, 0.1], [50.0, 0.0], [50.0, 0.1])
    ]
    assert (table["barrier"] >= 0).all()
    assert (study / "results/tables/connectivity.txt").read_text().startswith("Barriers")
    assert (study / "results/figures/connectivity.svg").exists()


def test_statements_and_audit_are_clean_until_a_byte_changes(study: Path, tmp_path: Path) -> None:
    """In a line, in the table, or if a line has another one's name."""
    results = tmp_path / "results"
    shutil.copytree(study / "results", results)
    stated = [json.loads(each.read_bytes()) for each in results.rglob("*.prov.json")]

    assert [found for each in stated if (found := problem(each))] == []
    assert audited(results).faults == []
    one, other, *_ = sorted(results.glob("lines/**/*.parquet"))
    data = one.read_bytes()
    one.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    codes = {(each.path, each.code) for each in audited(results).faults}
    assert (one.relative_to(results).as_posix(), "changed-file") in codes
    for suffix in ("", ".prov.json"):
        shutil.copyfile(f"{other}{suffix}", f"{one}{suffix}")
    codes = {(each.path, each.code) for each in audited(results).faults}
    assert (one.relative_to(results).as_posix(), "wrong-parent") in codes


def test_all_makes_it_only_for_a_study_that_names_it(study: Path) -> None:
    """Each line is a job; the page has the table among its own."""
    plain = planned(study, "all", results="elsewhere")
    values = yaml.safe_load((study / "config/mini.yaml").read_text(encoding="utf-8"))
    values["optional_tables"] = ["connectivity"]
    (study / "config/named.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")

    named = planned(study, "all", config="config/named.yaml", results="elsewhere")

    assert not {"interpolate", "connectivity"} & plain.keys()
    assert (named["interpolate"], named["connectivity"]) == (LINES, 1)
