from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from studies import checkout, planned
from tickets import provenance
from tickets.errors import BadInput, Tampered
from tickets.exchange import crate
from tickets.files import write_bytes
from tickets.paths import Results

EXTRA = pytest.mark.skipif(
    find_spec(crate.LIBRARY) is None, reason="an extra that the tests' set-up leaves out"
)
CONTEXTS = os.environ.get("ROCRATE_VALIDATOR_CACHE")
VALIDATOR = shutil.which("rocrate-validator")
EARLIEST = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
CONFIGURATION = {"results": "results", "seeds": [1, 2]}
OUTPUTS = {
    "tables/transfer.csv": "tables",
    "tables/transfer.txt": "tables",
    "figures/transfer.svg": "figures",
    "metrics/transfer.parquet": "metrics",
    "masks/dense.safetensors": "masks",
    "masks/imp/mlm/rewind-0/seed-1/sparsity-10.safetensors": "masks",
}


def make_study(root: Path) -> Results:
    """Every kind of output, with statements; theta_0, one task's data, and a log."""
    inputs: dict[str, dict[str, str | None]] = {
        "weights/theta_0.safetensors": {"model": "bert-base-uncased", "revision": "86b5e09"},
        "data/mlm/train.parquet": {"dataset": "wikitext", "name": "raw", "revision": None},
        "data/mlm/validation.parquet": {"dataset": "wikitext", "name": "raw", "revision": None},
    }
    for name, parameters in ({name: {} for name in OUTPUTS} | inputs).items():
        write_bytes(root / name, f"what {name} holds".encode())
        started = EARLIEST if name.startswith("data") else provenance.now()
        provenance.write(
            root / name, rule="made", parameters=parameters, dependencies={}, started=started
        )
    write_bytes(root / "logs" / "oneshot.log", b"done\n")
    return Results(root=str(root))


def folder(files: Results) -> Path:
    return Path(files.crate()).parent


def entities(files: Results) -> dict[str, Any]:
    """The crate's description by name, each of which is there once."""
    graph = json.loads(Path(files.crate()).read_bytes())["@graph"]
    found = {each["@id"]: each for each in graph}
    assert len(found) == len(graph)
    return found


def names(value: Any) -> list[str]:
    """What a property refers to: one thing or several."""
    return [each["@id"] for each in (value if isinstance(value, list) else [value])]


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A clone of the project, which is exported with a study."""
    with pytest.MonkeyPatch.context() as patch:
        folder = checkout(tmp_path_factory.mktemp("home"))
        patch.setattr(crate, "HOME", folder)
        yield folder


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Results:
    """A study with its crate."""
    assert home == crate.HOME
    files = make_study(tmp_path_factory.mktemp("study") / "results")
    crate.write(files, CONFIGURATION, "Ada Lovelace")
    return files


@EXTRA
def test_every_file_is_described_by_its_digest(study: Results) -> None:
    """All that lies in the crate's folder, once, and nothing that does not lie there."""
    home = folder(study)
    found = {path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file()}
    described = {name: about for name, about in entities(study).items() if "File" in about["@type"]}

    assert set(described) == found - {"ro-crate-metadata.json"}
    for name, about in described.items():
        data = (home / name).read_bytes()
        assert about["sha256"] == hashlib.sha256(data).hexdigest()
        assert about["contentSize"] == str(len(data))
    assert set(names(entities(study)["./"]["hasPart"])) == set(described)


@EXTRA
def test_outputs_come_with_their_statements(study: Results) -> None:
    """Each refers to the other; all outputs are there and logs, weights and data are not."""
    found = entities(study)
    for name, kind in OUTPUTS.items():
        place, stated = f"results/{name}", f"results/{name}.prov.json"
        assert (folder(study) / place).read_bytes() == (Path(study.root) / name).read_bytes()
        assert names(found[place]["exampleOfWork"]) == [f"#{kind}"]
        assert names(found[place]["subjectOf"]) == [stated]
        assert names(found[stated]["about"]) == [place]
        assert provenance.subject_digest(folder(study) / place) == found[place]["sha256"]
    assert {
        name.removeprefix("results/")
        for name in found
        if name.startswith("results/") and not name.endswith(".prov.json")
    } == set(OUTPUTS)


@EXTRA
def test_the_run_is_one_action_of_the_workflow(study: Results) -> None:
    """By whom, from what to what, and when by the first and last of all statements."""
    found = entities(study)
    (run,) = (each for each in found.values() if each["@type"] == "CreateAction")
    workflow = found["Snakefile"]

    assert names(found["./"]["mainEntity"]) == names(run["instrument"]) == ["Snakefile"]
    assert names(found["./"]["mentions"]) == [run["@id"]]
    assert set(workflow["@type"]) == {"File", "SoftwareSourceCode", "ComputationalWorkflow"}
    assert [found[name]["name"] for name in names(workflow["programmingLanguage"])] == ["Snakemake"]
    assert [found[name]["name"] for name in names(run["agent"])] == ["Ada Lovelace"]
    assert run["startTime"] == "2026-01-02T03:04:05+00:00"
    finished = [
        provenance.statement(each.with_name(each.name.removesuffix(".prov.json"))).finished
        for each in Path(study.root).rglob("*.prov.json")
        if "exports" not in each.parts
    ]
    finished = [time.replace("Z", "+00:00") for time in finished]
    assert run["endTime"] == max(finished) == found["./"]["datePublished"]
    for way, of in (("input", "object"), ("output", "result")):
        examples = {
            name for each in names(run[of]) for name in names(found[each].get("exampleOfWork", []))
        }
        assert examples == set(names(workflow[way]))
        assert all(found[name]["@type"] == "FormalParameter" for name in names(workflow[way]))


@EXTRA
def test_inputs_are_named_by_origin_and_digest(study: Results) -> None:
    """The configuration as a file, model and data by their statements."""
    found = entities(study)
    values = {
        each["name"]: (each["value"], each["sha256"])
        for each in found.values()
        if each["@type"] == "PropertyValue"
    }

    assert json.loads((folder(study) / "configuration.json").read_bytes()) == CONFIGURATION
    assert values == {
        name: (text, hashlib.sha256((Path(study.root) / path).read_bytes()).hexdigest())
        for name, text, path in (
            ("theta_0", "bert-base-uncased 86b5e09", "weights/theta_0.safetensors"),
            ("mlm-train", "wikitext raw", "data/mlm/train.parquet"),
            ("mlm-validation", "wikitext raw", "data/mlm/validation.parquet"),
        )
    }


@EXTRA
def test_every_reference_leads_somewhere(study: Results) -> None:
    """To something that the crate describes, or to an address; profiles are those that it keeps."""
    found = entities(study)
    referred = {
        each["@id"]
        for about in found.values()
        for value in about.values()
        for each in (value if isinstance(value, list) else [value])
        if isinstance(each, dict)
    }

    assert {name for name in referred - set(found) if not name.startswith("https://")} == set()
    assert set(names(found["./"]["conformsTo"])) == set(crate.PROFILES) <= set(found)
    assert names(found["ro-crate-metadata.json"]["conformsTo"]) == [
        "https://w3id.org/ro/crate/1.1",
        "https://w3id.org/workflowhub/workflow-ro-crate/1.0",
    ]


@EXTRA
def test_the_workflow_is_complete(study: Results, home: Path) -> None:
    """All of its code and pins, and nothing that was compiled from it."""
    compiled = home / "workflow" / "scripts" / "__pycache__" / "prune.pyc"
    write_bytes(compiled, b"")
    crate.write(study, CONFIGURATION, "Ada Lovelace")

    wanted = {
        path.relative_to(home).as_posix(): path.read_bytes()
        for part in ("Snakefile", "workflow", "envs")
        for path in (home / part, *(home / part).rglob("*"))
        if path.is_file() and not {"__pycache__", "bert_tickets.egg-info"} & set(path.parts)
    }
    found = {
        path.relative_to(folder(study)).as_posix(): path.read_bytes()
        for path in folder(study).rglob("*")
        if path.is_file() and "results" not in path.relative_to(folder(study)).parts
    }
    assert found == wanted | {
        name: found[name] for name in ("configuration.json", "ro-crate-metadata.json")
    }


@EXTRA
def test_masks_are_links_and_tables_are_not(study: Results) -> None:
    """A mask takes no room twice; a table that is edited in the crate stays as it was."""
    for name, kind in OUTPUTS.items():
        copy, own = folder(study) / "results" / name, Path(study.root) / name
        assert copy.samefile(own) == (kind == "masks")


@EXTRA
def test_the_same_study_gives_the_same_crate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the file system has no hard links; nothing of an earlier crate is left over."""
    files = make_study(tmp_path / "results")
    crate.write(files, CONFIGURATION, "Ada Lovelace")
    first = Path(files.crate()).read_bytes()
    write_bytes(folder(files) / "results" / "tables" / "old.csv", b"old")

    def refuse(*_: Any, **__: Any) -> None:
        raise OSError

    monkeypatch.setattr(os, "link", refuse)
    crate.write(files, CONFIGURATION, "Ada Lovelace")

    assert Path(files.crate()).read_bytes() == first
    assert not (folder(files) / "results" / "tables" / "old.csv").exists()
    for name in OUTPUTS:
        copy, own = folder(files) / "results" / name, Path(files.root) / name
        assert copy.read_bytes() == own.read_bytes()
        assert not copy.samefile(own)


@EXTRA
@pytest.mark.parametrize("name", ["tables/transfer.csv", "masks/dense.safetensors"])
def test_a_changed_file_is_not_exported(tmp_path: Path, name: str) -> None:
    """Without a description the folder is no crate."""
    files = make_study(tmp_path / "results")
    (tmp_path / "results" / name).write_bytes(b"another")

    with pytest.raises(Tampered, match=name):
        crate.write(files, CONFIGURATION, "Ada Lovelace")

    assert not Path(files.crate()).exists()


@EXTRA
def test_a_study_without_outputs_has_no_crate(tmp_path: Path) -> None:
    """One line says so."""
    with pytest.raises(BadInput, match="make the study first"):
        crate.write(Results(root=str(tmp_path / "nowhere")), CONFIGURATION, "Ada Lovelace")


def test_without_the_library_one_line_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who asks for no crate needs it not."""
    monkeypatch.setattr(crate, "LIBRARY", "a_library_that_is_nowhere")

    with pytest.raises(BadInput, match="install the package's extra `crate`"):
        crate.write(make_study(tmp_path / "results"), CONFIGURATION, "Ada Lovelace")


def test_the_agent_is_whom_git_knows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the name that commits get; without git or name it is left open."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    assert crate.agent() == "not stated"

    (tmp_path / "gitconfig").write_text("[user]\nname = Ada Lovelace\n", encoding="utf-8")
    assert crate.agent() == "Ada Lovelace"

    monkeypatch.setenv("PATH", "")
    assert crate.agent() == "not stated"


@EXTRA
@pytest.mark.skipif(
    CONTEXTS is None or VALIDATOR is None,
    reason="rocrate-validator, and ROCRATE_VALIDATOR_CACHE with what it would ask the network for",
)
def test_the_validator_finds_no_fault(study: Results) -> None:
    """With the profile's own checks: all that is required is there."""
    assert VALIDATOR is not None
    assert CONTEXTS is not None
    command = [VALIDATOR, "-y", "validate", "-p", "workflow-run-crate-0.5", "--no-paging"]
    offline = ["--offline", "--cache-path", CONTEXTS]

    done = subprocess.run(
        [*command, *offline, folder(study)], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout


def test_only_who_asks_gets_exports(home: Path) -> None:
    """Crate and signature are targets of their own, for which the whole study is made.

    The audit and the page that tells the study are no part of it.
    """
    files = Results(root="results")

    study = planned(home, "all")
    exported = planned(home, files.crate(), files.signature())

    for rule in ("all", "audit", "story"):
        assert study.pop(rule) == 1
    assert not {"crate", "sign"} & set(study)
    assert exported == study | {"crate": 1, "sign": 1}
