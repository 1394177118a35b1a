"""The ancestry of a file in a study that was tampered with."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_histories import Study, call, flip, forget, restate, spoilt, states
from tickets import provenance, statements
from tickets.commands import why
from tickets.errors import Tampered
from tickets.files import sha256
from tickets.history import ancestry

IMP = "masks/imp/mrpc/rewind-0/seed-1"
TRAINED = "trained/theta_0/{}/on-mrpc/seed-1.safetensors"
SECOND = "imp/mrpc/rewind-0/seed-1/sparsity-10"


def rename(path: Path) -> None:
    def change(value: Any) -> None:
        value["subject"][0]["name"] = "another.safetensors"

    restate(path, change)


def link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def link_statement(path: Path) -> None:
    """The same bytes, but through a link."""
    beside = provenance.statement_path(path)
    beside.rename(beside.with_suffix(".elsewhere"))
    beside.symlink_to(beside.with_suffix(".elsewhere").absolute())


def replace(path: Path) -> None:
    path.write_bytes(b"other")
    forget(path)


TAMPERED = {
    "flipped": (flip, "differs: its sha256 is {}"),
    "deleted": (Path.unlink, "not here"),
    "without its statement": (forget, "differs: its statement is another one, or gone"),
    "with another statement": (rename, "differs: its statement is another one, or gone"),
    "with a link for a statement": (
        link_statement,
        "differs: its statement is another one, or gone",
    ),
    "replaced": (replace, "differs: another file stands in its place"),
    "a link": (link, "differs: cannot be read as a plain file (Too many levels of symbolic links)"),
    "a pipe": (pipe, "differs: cannot be read as a plain file (it is not a regular file)"),
}


@pytest.mark.parametrize("name", TAMPERED)
@pytest.mark.parametrize(
    "place",
    ["weights/theta_0.safetensors", "encoded/mrpc/train.arrow", f"{IMP}/sparsity-10.safetensors"],
)
def test_what_is_not_as_stated_is_told_and_the_rest_of_the_tree_too(
    study: Study, name: str, place: str
) -> None:
    """Wherever it happens, exactly this ancestor is at fault."""
    tamper, expected = TAMPERED[name]
    path = study.root / place
    tamper(path)

    found = ancestry.find(study.last)

    said = expected.format(sha256(path.read_bytes())) if name == "flipped" else expected
    assert states(found)[place] == said
    assert [each.place for each in found.faults] == [place]
    assert states(found)[TRAINED.format(SECOND)] == "not kept"


def test_a_file_that_differs_is_said_to_differ(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of the file itself too; the exit status is then 1, and nothing else goes wrong."""
    flip(study.last)

    findings = call(why, study.last)

    printed = capsys.readouterr().out

    first, last = printed.splitlines()[0], printed.splitlines()[-1]
    assert f"DIFFERS: {IMP}/sparsity-20.safetensors  prune: " in first
    assert first.endswith(f"(its sha256 is {sha256(study.last.read_bytes())})")
    assert last == "12 files: 7 here, 2 not kept, 2 from outside, 1 differs"
    assert findings == 1


def test_a_missing_parent_is_shown_with_its_digest(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    """As not here, by the path that its child's statement gives."""
    data = study.root / "data/mrpc/train.parquet"
    data.unlink()
    forget(data)

    findings = call(why, study.last)

    printed = capsys.readouterr().out

    digest = study.short("data/mrpc/train.parquet")
    assert f"{digest}{' ' * 17}NOT HERE: data/mrpc/train.parquet\n" in printed
    assert printed.endswith("11 files: 7 here, 2 not kept, 1 from outside, 1 not here\n")
    assert findings == 1


def test_without_a_statement_there_is_no_history(study: Study) -> None:
    """One line says so; another file's statement is said to be that."""
    forget(study.theta)
    with pytest.raises(Tampered, match=r"theta_0\.safetensors: no statement is beside it"):
        ancestry.find(study.theta)

    rename(study.encoded)
    found = ancestry.find(study.encoded)
    assert found.ancestors[found.root].problem == "its statement is of another.safetensors"


def test_a_statement_and_its_child_may_disagree(study: Study) -> None:
    """A child that names a parent's statement, but other bytes than that speaks of; and one that
    carries the history of another file.
    """

    def parent(value: Any) -> None:
        made_of = value["predicate"]["buildDefinition"]["resolvedDependencies"]
        for each in made_of:
            if each["name"] in ("parent", "weights"):
                each["digest"]["sha256"] = "0" * 64

    restate(study.last, parent)

    found = states(ancestry.find(study.last))

    before = study.digests[f"{IMP}/sparsity-10.safetensors"]
    trained = study.digests[TRAINED.format(SECOND)]
    wrong = "differs: its statement gives it the sha256 {}"
    assert found[f"{IMP}/sparsity-10.safetensors"] == wrong.format(before)
    assert found[TRAINED.format(SECOND)] == wrong.format(trained)


@pytest.mark.parametrize("name", [".prov.json", "..prov.json"])
def test_a_statement_of_no_file_is_passed_over(study: Study, name: str) -> None:
    """One whose name is the suffix alone, in the study or beside a file outside of one."""
    (study.root / "masks" / name).touch()
    alone = Path("alone") / study.last.name
    alone.parent.mkdir()
    for path in (study.last, provenance.statement_path(study.last)):
        (alone.parent / path.name).write_bytes(path.read_bytes())
    (alone.parent / name).touch()

    assert not ancestry.find(study.last).faults
    assert ancestry.find(alone).ancestors


def test_only_what_is_not_meant_to_last_may_be_gone(study: Study) -> None:
    """A history that a statement carries excuses no missing mask."""

    def carry(value: Any) -> None:
        made_of = value["predicate"]["buildDefinition"]["resolvedDependencies"]
        (parent,) = (each for each in made_of if each["name"] == "parent-statement")
        beside = provenance.statement_path(study.root / IMP / "sparsity-10.safetensors")
        parent["annotations"] = {"statement": statements.load(beside.read_bytes(), "")}

    restate(study.last, carry)
    forget(study.root / IMP / "sparsity-10.safetensors")
    (study.root / IMP / "sparsity-10.safetensors").unlink()

    found = ancestry.find(study.last)

    assert [each.place for each in found.faults] == [f"{IMP}/sparsity-10.safetensors"]
    assert states(found)[f"{IMP}/sparsity-10.safetensors"] == "not here"
    assert states(found)[TRAINED.format("dense")] == "not kept"


def test_a_path_in_a_statement_leads_nowhere_else(study: Study) -> None:
    """Neither out of the folder nor to a name that no system has; and a file without a statement is
    known by its digest.
    """
    Path("secret").write_bytes(b"secret")
    (study.root / "pretrained").mkdir()
    (study.root / "pretrained/config.json").write_bytes(b"config")
    uris = ("results/../secret", "/etc/passwd", "results/a\0b", "results/pretrained/config.json")

    def name(value: Any) -> None:
        for uri in uris:
            digest = {"sha256": sha256(b"config")}
            value["predicate"]["buildDefinition"]["resolvedDependencies"].append(
                {"name": f"of {uri}", "uri": uri, "digest": digest}
            )

    restate(study.last, name)

    found = ancestry.find(study.last)

    assert [each.place for each in found.faults] == list(uris[:3])
    assert "pretrained/config.json" in [each.place for each in found.ancestors.values()]
    (study.root / "pretrained/config.json").write_bytes(b"other")
    assert states(ancestry.find(study.last))["pretrained/config.json"].startswith("differs")


def test_a_terminal_is_not_steered(study: Study) -> None:
    """What a statement says is printed without control characters."""

    def steer(value: Any) -> None:
        value["predicate"]["buildDefinition"]["externalParameters"]["task"] = "\x1b[2J\nmrpc"

    restate(study.last, steer)

    assert "task ?[2J?mrpc" in why.tree(ancestry.find(study.last))[0]


def test_no_statement_makes_it_fail(study: Study) -> None:
    """Whatever stands where a statement says something, only the documented error comes out, and
    what is told is a printable line an ancestor.
    """
    beside = provenance.statement_path(study.last)
    original = beside.read_bytes()

    @given(st.data())
    def check(data: st.DataObject) -> None:
        beside.write_bytes(statements.to_bytes(spoilt(original, data)))
        try:
            found = ancestry.find(study.last)
        except Tampered:
            return
        lines = why.tree(ancestry.summarise(found))
        assert all(line.isprintable() for line in lines)
        assert lines[0].startswith("this file")

    check()
