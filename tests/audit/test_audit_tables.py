from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import fake_metrics
from audit_inputs import places, read
from fake_metrics import trainings
from forgery import definition, dependency, flip, parameters, restate
from kept_study import STUDY
from table_command import make_table
from tickets import canonical, provenance
from tickets.audit import tables
from tickets.audit.findings import Finding
from tickets.design import registry

FOLDERS = ("data", "masks", "metrics", "tables")
TABLES = sorted(path.name for path in (STUDY / "tables").glob("*.[ct][sx][vt]"))
SCORES, TRANSFER = "metrics/transfer.parquet", "tables/transfer.csv"
OF_TRANSFER = [f"tables/transfer{end}" for end in (".csv", ".txt", "_matrix.csv")]


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A copy of what tables are made of in the kept study."""
    for folder in FOLDERS:
        shutil.copytree(STUDY / folder, tmp_path / "results" / folder)
    return tmp_path / "results"


def check(root: Path) -> list[Finding]:
    return list(tables.check(read(root)))


def test_every_table_of_a_study_is_made_again(study: Path) -> None:
    """Byte by byte: all that there are, each from what its statement records."""
    todo, findings = tables.jobs(read(study))

    assert findings == []
    assert {Path(path).name for job in todo for path in job.digests} == set(TABLES)
    later = {"full_models", "answerability", "essential_sparsity"}
    assert {job.name for job in todo} == registry.select_tables().keys() - later
    assert check(study) == []


@pytest.mark.parametrize("name", TABLES)
def test_a_table_that_was_changed_is_named(name: str, study: Path) -> None:
    """Its last digit or letter, with a statement that fits; what is made of it is no fault here."""
    path = study / "tables" / name
    data = path.read_bytes()
    restate(path, data[:-2] + bytes([data[-2] ^ 1]) + data[-1:])

    [found] = [each for each in check(study) if each.path == f"tables/{name}"]

    assert found.code == "wrong-table"
    assert found.message.startswith(f"line {len(data.splitlines())} is ")


def test_the_line_that_differs_is_shown(study: Path) -> None:
    """As it is and as it should be; one that is missing is empty."""
    path = study / "tables" / "winning_sparsities.csv"
    right = path.read_text().splitlines()
    restate(path, "\n".join([right[0], "hello", *right[2:], ""]).encode())

    [found] = [each for each in check(study) if each.path == "tables/winning_sparsities.csv"]
    assert found.message == f"line 2 is 'hello', made again '{right[1]}'"

    restate(path, "\n".join([*right[:-1], ""]).encode())
    [found] = [each for each in check(study) if each.path == "tables/winning_sparsities.csv"]
    assert found.message == f"line {len(right)} is '', made again '{right[-1]}'"


def test_other_scores_make_another_table(study: Path) -> None:
    """Every table that is made of them, and no other."""
    table = pq.read_table(study / SCORES)
    place = table.column_names.index("score")
    others = pa.array([score + row for row, score in enumerate(table["score"].to_pylist())])
    canonical.write(study / SCORES, table.set_column(place, table.schema[place], others))
    restate(study / SCORES)

    assert places(check(study)) == [(path, "wrong-table") for path in OF_TRANSFER]


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("transfer", {"tasks": ["mlm", "acceptability"]}),
        ("transfer", {"sparsity": "0.1"}),
        ("sparsity_sweep", {"finders": []}),
        ("rewinding", {"sparsities": ["10"]}),
        ("winning_sparsities", {"sparsities": ["10"]}),
        ("transfer_variants", {"mlm_tasks": []}),
        ("versus_paper", {"mlm_tasks": ["acceptability"]}),
    ],
)
def test_other_parameters_make_another_table(
    name: str, change: dict[str, Any], study: Path
) -> None:
    """What a statement records decides the table: nothing else is asked."""
    path = study / "tables" / f"{name}.csv"
    restate(path, edit=lambda value: parameters(value).update(change))

    found = places(check(study))

    assert (f"tables/{name}.csv", "wrong-table") in found
    assert not [path for path, _ in found if Path(path).stem not in (name, "versus_paper")]


@pytest.mark.parametrize(
    ("name", "change", "says"),
    [
        ("transfer", lambda said: said.pop("tasks"), "KeyError"),
        ("transfer", lambda said: said.update(tasks=["nothing"]), "no row for cell"),
        ("transfer", lambda said: said.update(tasks=7), "TypeError"),
        ("transfer", lambda said: said.update(tasks=[]), ""),
        ("transfer", lambda said: said.update(sparsity="half"), "ValueError"),
        ("transfer", lambda said: said.update(rewind=[]), "TypeError"),
        ("winning_sparsities", lambda said: said.update(sparsities=["1/0"]), "ZeroDivisionError"),
        ("transferability", lambda said: said.pop("subsets"), "make no table"),
        ("transferability", lambda said: said.update(subsets={"abc": "mlm"}), "make no table"),
        ("transferability", lambda said: said.update(tasks=[["mlm"]]), "make no table"),
        ("transferability", lambda said: said.update(tasks=None), "make no table"),
    ],
)
def test_parameters_that_make_no_table_are_a_finding(
    name: str, change: Callable[[Any], Any], says: str, study: Path
) -> None:
    """Whatever is recorded: nothing stops the audit."""
    restate(study / "tables" / f"{name}.csv", edit=lambda value: change(parameters(value)))

    found = [each for each in check(study) if each.path == f"tables/{name}.csv"]

    assert places(found) == [(f"tables/{name}.csv", "wrong-table")]
    assert says in found[0].message


def test_a_path_that_a_parameter_spells_is_not_followed(study: Path) -> None:
    """A source's examples are read where the study has them, or not at all."""
    outside = study.parent / "train.parquet"
    shutil.copy(study / "data" / "mlm" / "train.parquet", outside)

    def edit(value: Any) -> None:
        parameters(value)["tasks"] = ["../.."]
        dependency(value, "mlm")["name"] = "../.."
        definition(value)["resolvedDependencies"].remove(dependency(value, "mlm-statement"))

    restate(study / "tables" / "transferability.csv", edit=edit)

    assert not [each for each in check(study) if "transferability" in each.path]


@pytest.mark.parametrize("data", [b"", b"PAR1" * 90, b"task,criterion\n", b"\xff\xfe"])
def test_inputs_that_are_no_tables_are_a_finding(data: bytes, study: Path) -> None:
    """Scores, winning sparsities, masks, examples: with statements that fit."""
    mask = "masks/imp/mlm/rewind-0/seed-1/sparsity-20.safetensors"
    sources = (SCORES, "tables/winning_sparsities.csv", mask, "data/mlm/train.parquet")
    for path in sources:
        restate(study / path, data)

    found = check(study)

    made = {"transfer", "transfer_matrix", "winning_tickets", "transfer_variants"}
    made |= {"winning_sparsities", "mask_overlap", "layer_sparsity", "transferability"}
    assert {Path(path).stem for path, _ in places(found)} == made
    assert {finding.code for finding in found} == {"wrong-table"}
    assert all("\n" not in finding.message for finding in found)


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: flip(path, 60)])
def test_what_others_name_is_left_out(damage: Callable[[Path], Any], study: Path) -> None:
    """Tables whose parents are missing or changed, and tables that were changed themselves."""
    for path in (SCORES, "data/mlm/train.parquet", "masks/oneshot/sparsity-20.safetensors"):
        damage(study / path)
    damage(study / "tables" / "rewinding.csv")
    restate(study / "tables" / "rewinding.txt", b"?")
    provenance.statement_path(study / "tables" / "baselines.csv").unlink()

    found = places(check(study))

    assert found == [("tables/rewinding.txt", "wrong-table")]


def test_a_table_without_a_name_of_ours_is_left_out(study: Path) -> None:
    """The audit of names has it; a second form of ours there is not."""
    for name in ("other.csv", "mask_overlap.txt", "baselines_matrix.csv"):
        shutil.copy(study / TRANSFER, study / "tables" / name)
        stem = f"{name.split('.')[0].removesuffix('_matrix')}.csv"
        origin = stem if stem != "other.csv" else "transfer.csv"
        beside = provenance.statement_path(study / "tables" / name)
        shutil.copy(provenance.statement_path(study / "tables" / origin), beside)
        restate(study / "tables" / name)

    found = check(study)

    assert places(found) == [
        ("tables/baselines_matrix.csv", "wrong-table"),
        ("tables/mask_overlap.txt", "wrong-table"),
    ]
    assert {each.message for each in found} == {"this table has no such file"}


def test_a_table_is_made_of_its_own_scores(study: Path) -> None:
    """Named are other scores that are here, and none."""
    other = read(study).statements["metrics/sweep.parquet"]

    def foreign(value: Any) -> None:
        dependency(value, "metrics")["digest"]["sha256"] = other.digest
        dependency(value, "metrics-statement")["digest"]["sha256"] = other.itself

    def none(value: Any) -> None:
        made_of = definition(value)["resolvedDependencies"]
        made_of[:] = [each for each in made_of if not each["name"].startswith("metrics")]

    for edit, says in ((foreign, "was metrics/sweep.parquet"), (none, "names no metrics")):
        restate(study / TRANSFER, edit=edit)

        [found] = check(study)

        assert (found.path, found.code) == (TRANSFER, "wrong-parent")
        assert says in found.message
        assert found.message.endswith(f"it should be {SCORES}")


def test_processes_find_the_same(study: Path) -> None:
    """Jobs and what they find can be sent from one to another."""
    restate(study / TRANSFER, b"?\n")
    with ProcessPoolExecutor(1) as pool:
        found = list(tables.check(read(study), pool))

    assert (TRANSFER, "wrong-table") in places(found)
    assert found == check(study)


def test_a_file_that_changes_during_the_audit_is_named(study: Path) -> None:
    """What a table is made from is what was hashed."""
    files = read(study)
    flip(study / SCORES, 60)

    found = list(tables.check(files))

    assert places(found) == [(path, "changed-meanwhile") for path in OF_TRANSFER]


def test_parts_of_tasks_stay_in_their_order(tmp_path: Path) -> None:
    """As the study has them, not as a statement's keys would be sorted."""
    rows = fake_metrics.study()
    sizes = {"sentence": 100, "pair": 300, "mlm": 900, "pair_90": 90, "pair_100": 100}
    for part in ("pair_90", "pair_100"):
        for target in ("sentence", "mlm"):
            rows += trainings("imp", target, [80, 81, 82], source=part)
    metrics = fake_metrics.write(rows, tmp_path / "metrics" / "transferability.parquet")
    data = {name: tmp_path / "data" / name / "train.parquet" for name in sizes}
    for name, path in data.items():
        canonical.write(path, pa.table({"id": range(sizes[name])}))
        fake_metrics.state(path)
    table = tmp_path / "tables" / "transferability.csv"

    recorded = {"tasks": list(fake_metrics.METRICS), "sparsity": "0.7", "rewind": "0.0"}
    recorded |= {"subsets": [("pair_90", "pair"), ("pair_100", "pair")]}
    done = make_table("transferability", tmp_path, recorded, {"metrics": metrics} | data)

    assert done.returncode == 0, done.stderr
    sources = [line.split(",")[0] for line in table.read_text().splitlines()[1:]]
    assert sources == ["sentence", "pair", "mlm", "pair_90", "pair_100"]
    assert check(tmp_path) == []
    swapped = [["pair_100", "pair"], ["pair_90", "pair"]]
    restate(table, edit=lambda value: parameters(value).update(subsets=swapped))
    assert places(check(tmp_path)) == [("tables/transferability.csv", "wrong-table")]


def test_scores_of_an_earlier_version_have_an_earlier_name(study: Path) -> None:
    """Where the rule of that time made the table; the rule of today has scores of another name."""
    path = "tables/winning_sparsities.csv"
    stated = json.loads(provenance.statement_path(study / path).read_bytes())
    assert parameters(stated)["rule"] == "winning_sparsity"

    restate(study / path, edit=lambda value: parameters(value).update(rule="winning_sparsities"))

    [found] = [each for each in check(study) if each.path == path]
    assert found.code == "wrong-parent"
    assert found.message == (
        "its metrics was metrics/tickets.parquet; it should be metrics/winning_sparsities.parquet"
    )
