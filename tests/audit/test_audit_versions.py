"""Recorded versions are compared with the pins of the recorded commit."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from repositories import (
    PINS,
    carried,
    commit,
    folder_of,
    git,
    head,
    pins,
    repository,
    stated,
    write,
)
from tickets import provenance
from tickets.audit import versions
from tickets.audit.findings import Finding
from tickets.files import sha256
from tickets.statements import Statement

ELSEWHERE = "1" * 40


def made_with(commit: str | None, packages: Any, **changes: Any) -> Statement:
    return stated(commit, environment={"packages": packages}, **changes)


def found(repo: Path | None, *statements: Statement) -> list[Finding]:
    files = folder_of({f"masks/{number}": each for number, each in enumerate(statements)})
    return list(versions.check(files, repo))


def codes(findings: Iterable[Finding]) -> list[str]:
    return [finding.code for finding in findings]


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repository(tmp_path / "repository")


@pytest.mark.parametrize(
    ("package", "version"),
    [
        ("numpy", "2.4.6"),
        ("torch", "2.13.0"),
        ("torch", "2.13.0+cpu"),
        ("torch", "2.13.0+cu130"),
        ("huggingface-hub", "2.4.0"),
        ("Huggingface.Hub", "2.4.0"),
    ],
)
def test_the_pinned_version_is_no_finding(repo: Path, package: str, version: str) -> None:
    """Whatever it was built for, and however its name is written."""
    assert found(repo, made_with(head(repo), {package: version})) == []


@pytest.mark.parametrize(
    ("package", "version", "pin"),
    [
        ("numpy", "2.4.5", "2.4.6"),
        ("numpy", "2.4.60", "2.4.6"),
        ("torch", "2.13", "2.13.0"),
        ("torch", "+2.13.0", "2.13.0"),
        ("scipy", "1.17.1", "none"),
        ("numpy", "", "2.4.6"),
    ],
)
def test_another_version_is_a_fault(repo: Path, package: str, version: str, pin: str) -> None:
    """Also that of a package that has no pin."""
    (finding,) = found(repo, made_with(head(repo), {package: version}))

    assert (finding.code, finding.is_fault) == ("wrong-version", True)
    message = f"this file: made with {package} {version}, where {pin} is pinned"
    assert finding.message == message


@pytest.mark.parametrize("version", ["2.13.0+cpu", "2.13.0"])
def test_a_pinned_build_is_that_build(repo: Path, version: str) -> None:
    """A pin with a local part asks for it."""
    content = b"torch==2.13.0+cpu  # or ; python_version > '3'\n"
    write(repo / "envs/constraints.txt", content)
    dependencies = {"pins": pins(sha256(content))}

    findings = found(repo, made_with(commit(repo), {"torch": version}, dependencies=dependencies))

    assert codes(findings) == ([] if version == "2.13.0+cpu" else ["wrong-version"])


def test_many_files_of_one_wrong_version_are_one_finding(repo: Path) -> None:
    """One for each package, version and pin; those carried inside count too."""
    wrong = {"numpy": "2.4.5", "torch": "2.12.0"}
    ticket = made_with(head(repo), wrong, rule="rewind")
    mask = made_with(head(repo), {"numpy": "2.4.5"}, dependencies={"weights": carried(ticket)})

    numpy, torch = found(repo, mask, made_with(head(repo), {"numpy": "2.4.6"}))

    assert codes([numpy, torch]) == ["wrong-version"] * 2
    assert numpy.message.startswith("2 files, this the first: made with numpy 2.4.5")
    assert torch.message.startswith("this file: made with torch 2.12.0")


def test_pins_are_those_of_the_commit(repo: Path) -> None:
    """Not those that stand in the work tree now."""
    first = head(repo)
    write(repo / "envs/constraints.txt", b"numpy==3.0.0\n")

    assert found(repo, made_with(first, {"numpy": "2.4.6"})) == []
    assert codes(found(repo, made_with(first, {"numpy": "3.0.0"}))) == ["wrong-version"]


def test_pins_that_the_commit_does_not_have_are_a_fault(repo: Path) -> None:
    """What was read was another file, or there was none; a replacement in git does not help."""
    other = b"numpy==2.4.5\n"
    read = {"pins": pins(sha256(other))}
    first = head(repo)
    write(repo / "envs/constraints.txt", other)
    git(repo, "replace", first, commit(repo))
    (repo / "envs/constraints.txt").unlink()
    without = commit(repo)

    findings = found(repo, made_with(first, {"numpy": "2.4.5"}, dependencies=read))

    assert codes(findings) == ["unknown-code", "wrong-version"]
    assert sha256(other) in findings[0].message
    assert sha256(PINS) in findings[0].message
    assert codes(found(repo, made_with(without, {}))) == ["unknown-code"]


@pytest.mark.parametrize("commit", [None, ELSEWHERE])
def test_without_the_commit_the_work_tree_has_the_pins(repo: Path, commit: str | None) -> None:
    """If they are those whose digest was recorded."""
    assert found(repo, made_with(commit, {"numpy": "2.4.6"})) == []
    assert codes(found(repo, made_with(commit, {"numpy": "2.4.5"}))) == ["wrong-version"]
    write(repo / "envs/constraints.txt", b"numpy==2.4.5\n")
    (finding,) = found(repo, made_with(commit, {"numpy": "2.4.5"}))
    assert (finding.code, finding.is_fault) == ("no-repository", False)


def test_without_a_repository_nothing_is_compared(tmp_path: Path) -> None:
    """That is said where there were pins; where there were none, the commit's lack is enough."""
    for where in (None, tmp_path):
        assert codes(found(where, made_with(ELSEWHERE, {"numpy": "1"}))) == ["no-repository"]
    assert found(None, made_with(None, {"numpy": "1"}, dependencies={})) == []


@pytest.mark.parametrize(
    "environment", [{}, [], None, "text", {"packages": None}, {"packages": ["numpy"]}]
)
def test_a_malformed_environment_is_the_schemas_matter(repo: Path, environment: Any) -> None:
    """Here it breaks nothing."""
    assert found(repo, stated(head(repo), environment=environment)) == []


@pytest.mark.parametrize("packages", [{"numpy": None}, {"numpy": {}}, {"a\nb": "\x1b[31m"}])
def test_whatever_stands_for_a_version_is_named_on_one_line(repo: Path, packages: Any) -> None:
    """It may be anything that JSON holds."""
    (finding,) = found(repo, made_with(head(repo), packages))

    assert finding.code == "wrong-version"
    assert finding.message.isprintable()


def test_every_recorded_package_is_pinned() -> None:
    """Else a statement of today would be a finding."""
    content = provenance.PINS.read_bytes()
    now = made_with(
        None,
        {name: version_of(name, content.decode()) for name in provenance.PACKAGES},
        dependencies={"pins": pins(sha256(content))},
    )

    assert found(provenance.PINS.parents[1], now) == []


def version_of(package: str, constraints: str) -> str:
    """The package's pin, by the plainest reading of the file."""
    (line,) = [each for each in constraints.splitlines() if each.startswith(f"{package}==")]
    return line.removeprefix(f"{package}==")
