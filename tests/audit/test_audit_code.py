"""The code that made files is looked up at its commit, and nothing in a repository fools that."""

from __future__ import annotations

import subprocess
import zlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from repositories import (
    CODE,
    DIGESTS,
    carried,
    commit,
    folder_of,
    git,
    head,
    repository,
    stated,
    write,
)
from tickets.audit import code_at_commit
from tickets.audit.findings import FAULTS, REMARKS, Finding
from tickets.files import sha256
from tickets.statements import Statement

EVIL = b"print('evil')\n"
PRUNE = "workflow/scripts/prune.py"
EVIL_CODE = DIGESTS | {"prune.py": sha256(EVIL)}


def found(repo: Path | None, *statements: Statement) -> list[Finding]:
    files = folder_of({f"masks/{number}": each for number, each in enumerate(statements)})
    return list(code_at_commit.check(files, repo))


def codes(findings: Iterable[Finding]) -> list[str]:
    return [finding.code for finding in findings]


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repository(tmp_path / "repository")


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_code_of_the_commit_is_no_finding(tmp_path: Path, algorithm: str) -> None:
    """Whichever hash git names its objects by, and wherever the branch went on to."""
    repo = repository(tmp_path / "repository", algorithm)
    first = head(repo)
    write(repo / PRUNE, EVIL)
    second = commit(repo)

    assert len(first) == {"sha1": 40, "sha256": 64}[algorithm]
    assert found(repo, stated(first), stated(second, code=EVIL_CODE, rule="snip")) == []
    assert codes(found(repo, stated(first, code=EVIL_CODE))) == ["unknown-code"]


@pytest.mark.parametrize("kind", ["below", "bare", "packed", "worktree", "borrowing"])
def test_every_kind_of_repository_is_read(repo: Path, tmp_path: Path, kind: str) -> None:
    """A folder in it, a bare one, one of packed objects only, a second work tree, and a clone that
    borrows objects.
    """
    wanted, other = head(repo), tmp_path / "other"
    if kind == "below":
        other = repo / "workflow"
    elif kind == "bare":
        git(repo, "clone", "--quiet", "--bare", ".", str(other))
    elif kind == "packed":
        git(repo, "gc", "--quiet", "--prune=now")
        other = repo
    elif kind == "worktree":
        git(repo, "worktree", "add", "--quiet", str(other))
    else:
        git(repo, "clone", "--quiet", "--shared", ".", str(other))

    assert found(other, stated(wanted)) == []
    assert codes(found(other, stated(wanted, code=EVIL_CODE))) == ["unknown-code"]


def test_many_files_of_one_unknown_version_are_one_finding(repo: Path) -> None:
    """It names both digests, how many files there are, and one of them."""
    wrong = [stated(head(repo), code=EVIL_CODE, digest=str(n) * 64) for n in range(3)]

    (finding,) = found(repo, *wrong)

    assert (finding.path, finding.code) == ("masks/0", "unknown-code")
    assert finding.message == (
        f"3 files, this the first: made by a {PRUNE} of sha256 {sha256(EVIL)}; "
        f"at commit {head(repo)} it is {DIGESTS['prune.py']}"
    )


@pytest.mark.parametrize(
    "name", ["missing.py", "tickets", "../../envs/constraints.txt", "", "a//b", "/", "\udc80\n"]
)
def test_what_is_no_file_of_code_at_the_commit_is_unknown(repo: Path, name: str) -> None:
    """Nor does a name reach a file elsewhere."""
    (finding,) = found(repo, stated(head(repo), code={name: "0" * 64}))

    assert finding.code == "unknown-code"
    assert finding.message.endswith("there is none")
    assert finding.message.isprintable()


def test_a_link_in_the_commit_is_no_code(repo: Path) -> None:
    """Its blob is the path it leads to."""
    (repo / "workflow/scripts/link.py").symlink_to("prune.py")

    wrong = stated(commit(repo), code={"link.py": sha256(b"prune.py")})

    assert codes(found(repo, wrong)) == ["unknown-code"]


@pytest.mark.parametrize("kind", ["blob", "tree", "commit"])
def test_replaced_objects_do_not_count(repo: Path, kind: str) -> None:
    """`git replace` shows other content under an honest commit's id to all who ask plainly."""
    honest = head(repo)
    write(repo / PRUNE, EVIL)
    evil = commit(repo)
    names = {"blob": f"{{}}:{PRUNE}", "tree": "{}:workflow/scripts", "commit": "{}"}
    old, new = (git(repo, "rev-parse", names[kind].format(each)) for each in (honest, evil))
    git(repo, "replace", old, new)

    assert git(repo, "show", f"{honest}:{PRUNE}").encode() == EVIL.strip()
    assert codes(found(repo, stated(honest, code=EVIL_CODE))) == ["unknown-code"]
    assert found(repo, stated(honest)) == []


@pytest.mark.parametrize("kind", ["blob", "tree", "commit"])
def test_objects_are_those_that_their_ids_name(repo: Path, kind: str) -> None:
    """Whoever writes into the repository's store is found out, though git reads it as it is."""
    honest = head(repo)
    write(repo / PRUNE, EVIL)
    evil = commit(repo)
    names = {"blob": f"{{}}:{PRUNE}", "tree": "{}^{{tree}}", "commit": "{}"}
    old, new = (git(repo, "rev-parse", names[kind].format(each)) for each in (honest, evil))
    stored, other = (repo / f".git/objects/{each[:2]}/{each[2:]}" for each in (old, new))
    stored.chmod(0o644)
    stored.write_bytes(other.read_bytes())

    findings = found(repo, stated(honest, code={"prune.py": sha256(EVIL)}))

    assert git(repo, "show", f"{honest}:{PRUNE}").encode() == EVIL.strip()
    assert codes(findings) == ["unknown-code"]
    assert f"{kind} {old} does not have that hash" in findings[0].message


def test_an_object_larger_than_any_code_is_not_taken_in(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its first bytes are all that is read."""
    monkeypatch.setattr("tickets.audit.repository.LARGEST", 300)
    write(repo / PRUNE, b"#" * 10_000)
    wanted = commit(repo)

    (finding,) = found(repo, stated(wanted, code={"prune.py": sha256(b"#" * 10_000)}))

    assert finding.code == "unknown-code"


def test_a_bomb_in_the_store_is_not_unpacked_whole(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A loose object may claim any size."""
    monkeypatch.setattr("tickets.audit.repository.LARGEST", 2**16)
    blob = git(repo, "rev-parse", f"HEAD:{PRUNE}")
    stored = repo / f".git/objects/{blob[:2]}/{blob[2:]}"
    stored.chmod(0o644)
    stored.write_bytes(zlib.compress(b"blob 10000000\0" + bytes(10_000_000)))

    (finding,) = found(repo, stated(head(repo)))

    assert finding.code == "unknown-code"
    assert "does not have that hash" in finding.message


def test_no_configuration_of_the_repository_is_executed(repo: Path, tmp_path: Path) -> None:
    """Nor is an object that a partial clone lacks fetched, which would run what its remote says."""
    wanted, marker = head(repo), tmp_path / "executed"
    command = f"touch {marker}"
    blob = git(repo, "rev-parse", f"HEAD:{PRUNE}")
    (repo / f".git/objects/{blob[:2]}/{blob[2:]}").unlink()
    for name, value in {
        "core.repositoryFormatVersion": "1",
        "extensions.partialClone": "origin",
        "remote.origin.url": f"ext::sh -c {command.replace(' ', '% ')}",
        "remote.origin.promisor": "true",
        "protocol.ext.allow": "always",
        "core.fsmonitor": command,
        "core.pager": command,
        "core.sshCommand": command,
        "alias.cat-file": f"!{command}",
        "alias.rev-parse": f"!{command}",
    }.items():
        git(repo, "config", name, value)

    (finding,) = found(repo, stated(wanted))

    assert finding.code == "no-repository"
    assert not marker.exists()
    with pytest.raises(subprocess.CalledProcessError):
        git(repo, "cat-file", "blob", blob)
    assert marker.exists()


def test_variables_of_the_environment_do_not_lead_elsewhere(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of git could name another repository, or replace objects again."""
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "--quiet")
    wanted = head(repo)
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(other / ".git/objects"))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "broken")

    assert found(repo, stated(wanted)) == []


def test_bytes_are_compared_as_git_holds_them(repo: Path) -> None:
    """Line ends that attributes make on checkout are another file: that is what ran."""
    write(repo / ".gitattributes", b"*.py text eol=crlf\n")
    wanted = commit(repo)
    crlf = DIGESTS | {"prune.py": sha256(CODE["prune.py"].replace(b"\n", b"\r\n"))}

    assert found(repo, stated(wanted)) == []
    assert codes(found(repo, stated(wanted, code=crlf))) == ["unknown-code"]


def test_dirty_code_is_a_fault_a_commit(repo: Path) -> None:
    """Though its digests may be the commit's: data or configuration may have differed."""
    dirty = [stated(head(repo), clean=False, digest=str(n) * 64) for n in range(2)]

    (finding,) = found(repo, stated(head(repo)), *dirty)

    assert (finding.path, finding.code, finding.is_fault) == ("masks/1", "dirty-code", True)
    assert finding.message.startswith("2 files")


def test_files_made_outside_git_are_one_remark(repo: Path) -> None:
    """Their code cannot be looked up."""
    (finding,) = found(repo, stated(None), stated(None, digest="1" * 64))

    assert (finding.code, finding.is_fault) == ("no-commit", False)
    assert finding.message.startswith("2 files")


def test_no_repository_is_a_remark_a_commit(repo: Path, tmp_path: Path) -> None:
    """Whether none is named, the folder has none, or the repository lacks the commit."""
    known, unknown = head(repo), "1" * 40

    for where in (None, tmp_path, tmp_path / "nothing"):
        assert codes(found(where, stated(known), stated(unknown))) == ["no-repository"] * 2
    (finding,) = found(repo, stated(known), stated(unknown))
    assert (finding.path, finding.code) == ("masks/1", "no-repository")
    assert unknown in finding.message


@pytest.mark.parametrize("commit", ["HEAD", "--help", "", "a" * 39, "A" * 40, "x\ny", "é" * 40])
def test_what_is_no_commit_is_never_asked_for(repo: Path, commit: str) -> None:
    """A statement is not believed to hold an id where it should."""
    (finding,) = found(repo, stated(commit))

    assert finding.code == "no-repository"
    assert finding.message.isprintable()


def test_the_id_of_something_else_is_no_commit(repo: Path) -> None:
    """A tag names a commit, which git would take; its bytes are not that commit's."""
    git(repo, "tag", "--annotate", "--message", "tag", "v1")
    tree = git(repo, "rev-parse", "HEAD^{tree}")

    assert codes(found(repo, stated(git(repo, "rev-parse", "v1")))) == ["unknown-code"] * 2
    assert codes(found(repo, stated(tree))) == ["no-repository"]


def test_what_is_carried_inside_is_looked_at_once(repo: Path) -> None:
    """A ticket's statement stands in that of its training only, however many carry it."""
    ticket = stated(head(repo), rule="rewind", code={"prune.py": sha256(EVIL)})
    trained = stated(head(repo), rule="train", dependencies={"ticket": carried(ticket)})
    masks = [
        stated(head(repo), digest=str(n) * 64, dependencies={"weights": carried(trained)})
        for n in range(2)
    ]

    (finding,) = found(repo, *masks)

    assert (finding.path, finding.code) == ("masks/0", "unknown-code")
    assert finding.message.startswith("this file: ")


def test_mixed_code_is_a_remark_a_file_of_code(repo: Path) -> None:
    """Two versions made files of one rule; that other rules had others is nothing."""
    first = head(repo)
    write(repo / PRUNE, EVIL)
    second = commit(repo)
    old, new = stated(first), stated(second, code=EVIL_CODE)

    (finding,) = found(repo, old, replace(old, itself="1"), new)

    assert (finding.path, finding.code, finding.is_fault) == ("masks/2", "mixed-code", False)
    assert f"{PRUNE}: prune (2 and 1)" in finding.message
    assert found(repo, old, replace(new, rule="snip")) == []


def test_codes_of_findings_are_known() -> None:
    """Each one that is yielded here has an explanation."""
    assert {"unknown-code", "dirty-code"} <= FAULTS.keys()
    assert {"no-commit", "no-repository", "mixed-code"} <= REMARKS.keys()
