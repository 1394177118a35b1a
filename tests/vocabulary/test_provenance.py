"""Statements: what they record, and what they let nobody change."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from statement_json import definition, statement
from tickets import provenance
from tickets.code import code_files
from tickets.design import registry
from tickets.errors import Tampered
from tickets.files import canonical_json, replacing, sha256, write_bytes

SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"


def made(path: Path, content: bytes = b"content", rule: str = "test", **dependencies: Path) -> Path:
    write_bytes(path, content)
    provenance.write(
        path,
        rule=rule,
        parameters={"seed": 1},
        dependencies=dependencies,
        facts={"found": "out", "code": "meaning"},
        started=provenance.now(),
    )
    return path


def stated(path: Path) -> bytes:
    return provenance.statement_path(path).read_bytes()


def dependencies(path: Path) -> dict[str, str | None]:
    """What the statement beside `path` names, with the digests."""
    found = definition(path)["resolvedDependencies"]
    return {each["name"]: each["digest"].get("sha256") for each in found}


def test_a_statement_has_the_fields_of_in_toto_and_slsa(tmp_path: Path) -> None:
    """Types, subject digest, parameters, builder and times are where the specifications say."""
    about = statement(made(tmp_path / "file"))
    built = about["predicate"]["buildDefinition"]

    assert about["_type"] == "https://in-toto.io/Statement/v1"
    assert about["predicateType"] == "https://slsa.dev/provenance/v1"
    assert about["subject"] == [{"name": "file", "digest": {"sha256": sha256(b"content")}}]
    assert built["externalParameters"] == {"rule": "test", "seed": 1}
    assert about["predicate"]["runDetails"]["builder"]["id"]
    assert about["predicate"]["runDetails"]["metadata"]["startedOn"].endswith("Z")
    assert provenance.facts(tmp_path / "file") == {"found": "out", "code": "meaning"}


def test_a_child_names_its_parents_and_their_statements(tmp_path: Path) -> None:
    """Both digests: a parent's whole history is part of the child's."""
    parent = made(tmp_path / "parent")
    child = made(tmp_path / "child", parent=parent)

    by_name = dependencies(child)

    assert by_name["parent"] == sha256(b"content")
    assert by_name["parent-statement"] == sha256(stated(parent))
    assert by_name["code/tickets/provenance.py"] == sha256(
        (SCRIPTS / "tickets/provenance.py").read_bytes()
    )


def test_a_changed_parent_stops_the_child(tmp_path: Path) -> None:
    """Nothing is stated about a parent that is not what its own statement says."""
    parent = made(tmp_path / "parent")
    parent.write_bytes(b"Content")

    with pytest.raises(Tampered, match=r"parent: its sha256 is \w{64}, .* says \w{64}"):
        made(tmp_path / "child", parent=parent)


def test_outputs_of_one_job_are_stated_together(tmp_path: Path) -> None:
    """Their statements differ in the subject only."""
    parent = made(tmp_path / "parent")
    outputs = [tmp_path / "one", tmp_path / "two"]
    for path in outputs:
        write_bytes(path, path.name.encode())

    provenance.write(
        *outputs,
        rule="test",
        parameters={},
        dependencies={"parent": parent},
        started=provenance.now(),
    )

    one, two = map(statement, outputs)
    assert one.pop("subject") == [{"name": "one", "digest": {"sha256": sha256(b"one")}}]
    assert two.pop("subject") == [{"name": "two", "digest": {"sha256": sha256(b"two")}}]
    assert one == two


def test_a_statement_names_what_was_read(tmp_path: Path) -> None:
    """A parent that was replaced after it was read is named by the bytes that were used, with the
    statement that they had; whoever reads it next gets the new ones.
    """
    parent = made(tmp_path / "parent", b"old")
    provenance.read(parent)
    used = {"parent": parent.read_bytes(), "parent-statement": stated(parent)}
    made(parent, b"new")

    child = made(tmp_path / "child", parent=parent)

    assert dependencies(child).items() >= {n: sha256(data) for n, data in used.items()}.items()
    assert provenance.read(parent) == b"new"
    child = made(tmp_path / "child", parent=parent)
    assert dependencies(child)["parent"] == sha256(b"new")


def test_what_was_read_is_not_read_again(tmp_path: Path) -> None:
    """A statement needs no second look at a file: it may be gone by then."""
    parent = made(tmp_path / "parent")
    provenance.read(parent)
    parent.unlink()

    assert dependencies(made(tmp_path / "child", parent=parent))["parent"] == sha256(b"content")


def test_reading_always_looks_at_the_file(tmp_path: Path) -> None:
    """That a file was in order once hides no later change."""
    parent = made(tmp_path / "parent")
    provenance.read(parent)
    parent.write_bytes(b"Content")

    with pytest.raises(Tampered):
        provenance.read(parent)


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
    """Every module of the package that an entry point loads counts for its rule."""
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
    # Their rules name the files of all tables: rules/audit.smk, rules/report.smk.
    declared = registry.tables() if entry in ("audit", "story") else ()

    assert loaded <= set(code_files(SCRIPTS / f"{entry}.py", *map(registry.file, declared)))


TRAINED = "trained/theta_0/dense/on-rte/seed-{}.safetensors"


def test_what_a_file_came_from_is_compared(tmp_path: Path) -> None:
    """Parameters, contents of what was read and, where that lasts, its statement."""
    mask = made(tmp_path / "masks" / "dense.safetensors")
    trained = made(tmp_path / TRAINED.format(1), b"trained", "round_start")
    child = made(tmp_path / "child", mask=mask, weights=trained)
    parents = {"mask": mask, "weights": trained}

    def is_up_to_date(dependencies: dict[str, Path], seed: int = 1, code: str = "meaning") -> bool:
        return provenance.is_up_to_date(
            child, code=code, parameters={"seed": seed}, dependencies=dependencies
        )

    assert is_up_to_date(parents)
    assert not is_up_to_date(parents, seed=2)
    assert not is_up_to_date(parents, code="another")
    assert not is_up_to_date(parents | {"other": mask})
    assert not provenance.is_up_to_date(
        tmp_path / "none", code="meaning", parameters={}, dependencies={}
    )

    stated_again(trained)
    assert is_up_to_date(parents)
    stated_again(mask)
    assert not is_up_to_date(parents)


def test_another_content_or_a_changed_file_is_noticed(tmp_path: Path) -> None:
    trained = made(tmp_path / TRAINED.format(1), b"trained", "round_start")
    child = made(tmp_path / "child", weights=trained)
    other = made(tmp_path / TRAINED.format(2), b"other", "round_start")
    about: dict[str, Any] = {"code": "meaning", "parameters": {"seed": 1}}

    assert provenance.is_up_to_date(child, **about, dependencies={"weights": trained})
    assert not provenance.is_up_to_date(child, **about, dependencies={"weights": other})
    write_bytes(child, b"changed")
    assert not provenance.is_up_to_date(child, **about, dependencies={"weights": trained})


def stated_again(path: Path) -> None:
    """The same bytes, with a statement of another run."""
    content, rule = path.read_bytes(), provenance.statement(path).rule
    write_bytes(path, content)
    provenance.write(path, rule=rule, parameters={}, dependencies={}, started=provenance.now())
    provenance.read(path)
