"""Lines between two orders of the data, in a study of one task: from trainings to the audit."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml

from studies import change, configuration, planned, snakemake
from tickets.audit.schema_of_statements import problem
from tickets.audit.study import Audit, audit
from tickets.design import registry
from tickets.paths import parse_line
from tickets.scores.scoring import score

ASKED = ("full_models", "rewinding", "connectivity", "answerability", "versus_paper")
LINES = 2 * 2  # the full model and one ticket, from theta_0 and from half of a training


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory, clone_prepared: Callable[[Path], Path]) -> Path:
    """A finished study of one task, one seed and one round, which asks for few tables."""
    folder = clone_prepared(tmp_path_factory.mktemp("connected"))
    changes = {"seeds": [1], "target_sparsity": 0.1, "rewinds": [50]}
    changes["tasks"] = {"mlm": configuration(folder)["tasks"]["mlm"]}
    changes["tables"] = {name: name in ASKED for name in registry.tables()}
    change(folder, changes)
    done = snakemake(folder, "--cores", "2", "--", "all")
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
    table = pd.read_csv(study / "results/tables/connectivity.csv")

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


def test_all_makes_what_the_study_asks_for_and_no_more(study: Path) -> None:
    """Each line is a job; without the key the table is not made."""
    values = configuration(study)
    del values["tables"]
    (study / "config/plain.yaml").write_text(yaml.safe_dump(values), encoding="utf-8")

    plain = planned(study, "all", config="config/plain.yaml", results="elsewhere")
    asked = planned(study, "all", results="elsewhere")

    assert not {"interpolate", "connectivity"} & plain.keys()
    assert (asked["interpolate"], asked["connectivity"]) == (LINES, 1)
    assert {path.stem for path in study.glob("results/tables/*.csv")} == {*ASKED}
    page = (study / "results/report/story.html").read_text(encoding="utf-8")
    assert re.findall("<figure id=.(.*).>", page) == ["pretraining", "rewinding", "connectivity"]


def test_claims_about_other_tables_are_undecided(study: Path) -> None:
    """They name the tables; no number of theirs stands beside the paper's."""
    said = (study / "results/tables/versus_paper.txt").read_text(encoding="utf-8")
    table = pd.read_csv(study / "results/tables/versus_paper.csv")

    assert "all of it: undecided; the study lacks winning_tickets.csv" in said
    assert "all of it: undecided; the study lacks transfer.csv" in said
    assert "all of it: undecided; the study lacks sparsity_sweep.csv" in said
    assert "rewinding.csv" not in said
    assert table.loc[table["kind"] == "value", "ours"].isna().all()
