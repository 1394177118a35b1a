"""Statements: what they record, and what they let nobody change."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tickets import provenance
from tickets.code import code_files
from tickets.errors import Tampered
from tickets.files import canonical_json, replacing, sha256, write_bytes

SCRIPTS = Path(__file__).parents[1] / "workflow" / "scripts"


def made(path: Path, content: bytes = b"content", **dependencies: Path) -> Path:
    write_bytes(path, content)
    provenance.write(
        path,
        rule="test",
        parameters={"seed": 1},
        dependencies=dependencies,
        facts={"found": "out"},
        started=provenance.now(),
    )
    return path


def test_a_statement_has_the_fields_of_in_toto_and_slsa(tmp_path: Path) -> None:
    """Types, subject digest, parameters, builder and times are where the specifications say."""
    statement = provenance.statement(made(tmp_path / "file"))
    definition = statement["predicate"]["buildDefinition"]

    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["predicateType"] == "https://slsa.dev/provenance/v1"
    assert statement["subject"] == [{"name": "file", "digest": {"sha256": sha256(b"content")}}]
    assert definition["externalParameters"] == {"rule": "test", "seed": 1}
    assert statement["predicate"]["runDetails"]["builder"]["id"]
    assert statement["predicate"]["runDetails"]["metadata"]["startedOn"].endswith("Z")
    assert provenance.facts(tmp_path / "file") == {"found": "out"}


def test_a_child_names_its_parents_and_their_statements(tmp_path: Path) -> None:
    """Both digests: a parent's whole history is part of the child's."""
    parent = made(tmp_path / "parent")
    child = made(tmp_path / "child", parent=parent)

    dependencies = provenance.statement(child)["predicate"]["buildDefinition"][
        "resolvedDependencies"
    ]
    by_name = {each["name"]: each["digest"].get("sha256") for each in dependencies}

    assert by_name["parent"] == sha256(b"content")
    assert by_name["parent-statement"] == sha256(provenance.beside(parent).read_bytes())
    assert by_name["code/provenance.py"] == sha256((SCRIPTS / "tickets/provenance.py").read_bytes())


def test_a_changed_parent_stops_the_child(tmp_path: Path) -> None:
    """Nothing is stated about a parent that is not what its own statement says."""
    parent = made(tmp_path / "parent")
    parent.write_bytes(b"Content")

    with pytest.raises(Tampered, match=r"parent: its sha256 is \w{64}, .* says \w{64}"):
        made(tmp_path / "child", parent=parent)


def test_canonical_json_is_one_form() -> None:
    """Order of keys does not matter, NaN is refused."""
    assert canonical_json({"b": 1, "a": "é"}) == '{"a":"é","b":1}'.encode()
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json(float("nan"))


def test_a_file_is_whole_or_not_there(tmp_path: Path) -> None:
    """An error while writing leaves the old content, and no temporary file."""
    path = tmp_path / "file"
    write_bytes(path, b"old")

    def fail() -> None:
        with replacing(path) as temporary:
            temporary.write_bytes(b"ne")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
    assert path.stat().st_mode & 0o044


@pytest.mark.parametrize("entry", sorted(path.stem for path in SCRIPTS.glob("*.py")))
def test_the_dag_knows_all_code_that_a_job_loads(entry: str) -> None:
    """Every module of the package that an entry point loads is among its rule's inputs."""
    listing = (
        "import json, runpy, sys\n"
        f"sys.argv = ['x', '--help']; sys.path.insert(0, {str(SCRIPTS)!r})\n"
        "try: runpy.run_path(sys.argv.pop(0) and "
        f"{str(SCRIPTS / f'{entry}.py')!r})\n"
        "except SystemExit: pass\n"
        "files = [m.__file__ for n, m in sys.modules.items() if n.split('.')[0] == 'tickets']\n"
        "print(json.dumps(files))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", listing], capture_output=True, text=True, check=True
    )

    loaded = {Path(file) for file in json.loads(done.stdout.splitlines()[-1])}

    assert loaded <= set(code_files(SCRIPTS / f"{entry}.py"))
