"""Whatever is done to a study's files, the audit finds it; docs/audit.md has the same table."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import tamperings_of_files  # noqa: F401 - fills the table
import tamperings_of_statements  # noqa: F401 - and so does this
from kept_study import STUDY, assert_each_fault_once, audited, cause_paths, copied
from tamperings import TABLE, Tampering, rewritten
from tickets.audit.findings import FAULTS, REMARKS
from tickets.files import sha256

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "audit.md"


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return copied(tmp_path)


def test_the_kept_study_is_clean() -> None:
    """Statements made by version 1 are still understood, and nothing is found."""
    found = audited(STUDY, ROOT)

    assert found.faults == []
    assert len(found.masks) > 20


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_tampering_is_found(study: Path, tmp_path: Path, row: Tampering) -> None:
    """With its own code at its own path, and what was tampered with is the cause, and nothing else;
    nothing is executed on the way, and what is said of it is printable.
    """
    before = entries(study)
    row.do(study)
    after = entries(study)

    found = audited(study, ROOT)

    assert (row.path, row.code) in {(each.path, each.code) for each in found.findings}
    assert all(each.message.isprintable() for each in found.findings)
    assert not (tmp_path / "executed").exists()
    changed = {path for path in before | after if before.get(path) != after.get(path)}
    assert cause_paths(found) == outermost(changed) | ALIKE.get(row.what, set())
    assert_each_fault_once(found)


def test_a_study_put_back_whole_is_found_with_an_anchor_only(study: Path, tmp_path: Path) -> None:
    """An old complete result set contradicts nothing; its root digest is another one."""
    old = audited(study, ROOT).root
    new = shutil.copytree(study, tmp_path / "new")
    rewritten(new)

    found = audited(new, ROOT)

    assert found.root != old
    assert audited(study, ROOT).root == old


def test_a_chain_rewritten_without_a_seam_is_found_with_an_anchor_only(study: Path) -> None:
    """Nothing contradicts it, so that only a root digest kept elsewhere tells."""
    before = audited(study, ROOT)

    rewritten(study)

    found = audited(study, ROOT)
    assert found.faults == []
    assert found.root != before.root


def test_every_fault_has_a_row_or_a_test() -> None:
    """No code without somebody who has seen it."""
    seen = {row.code for row in TABLE}

    assert (FAULTS | REMARKS).keys() - seen == ELSEWHERE


def entries(root: Path) -> dict[str, str]:
    """What is in a study: the digest of each file, or what stands in a file's place.

    A statement counts as part of its file, and names are as the audit shows them.
    """
    found: dict[str, str] = {}
    for path in sorted(root.rglob("*")):
        if path.is_dir() and not path.is_symlink() and any(path.iterdir()):
            continue
        kind = "folder" if path.is_dir() else "link or pipe"
        content = sha256(path.read_bytes()) if path.is_file() else kind
        name = path.relative_to(root).as_posix().removesuffix(".prov.json")
        found[name] = found.get(name, "") + ("link to a " * path.is_symlink()) + content
    return {shown(name): content for name, content in found.items()}


def shown(name: str) -> str:
    """A name on one line."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in name)


def outermost(paths: set[str]) -> set[str]:
    """Those that are in no folder of the others."""
    return {path for path in paths if not any(path.startswith(f"{each}/") for each in paths)}


ALIKE = {"two names that differ in case": {"masks/dense.safetensors"}}
"""What was not tampered with, but is a cause too: which of two names is too many does not count."""


def rows_of(name: str) -> str:
    """What stands in the document between the marks of that name."""
    if name == "tampering":
        return "".join(f"| {row.fault} | {row.what} | `{row.code}` |\n" for row in TABLE)
    codes = FAULTS if name == "findings" else REMARKS
    return "".join(f"| `{code}` | {meaning} |\n" for code, meaning in codes.items())


@pytest.mark.parametrize("name", ["findings", "remarks", "tampering"])
def test_the_document_has_the_same_tables(name: str, request: pytest.FixtureRequest) -> None:
    """`pytest tests/audit/test_tampering.py --fix` rewrites them."""
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
    text = DOCUMENT.read_text(encoding="utf-8")
    before, rest = text.split(begin)
    after = rest.split(end)[1]
    wanted = before + begin + rows_of(name) + end + after
    if request.config.getoption("--fix"):
        DOCUMENT.write_text(wanted, encoding="utf-8")

    assert text == wanted or request.config.getoption("--fix")


ELSEWHERE = {
    "bad-signature",  # test_signature.py
    "changed-meanwhile",  # test_audit.py
    "mixed-code",  # test_audit_code.py
    "no-commit",
    "no-design",  # test_audit.py
    "no-repository",  # test_audit_code.py
    "outside-code",
    "wrong-root",  # test_audit.py
    "wrong-weights",  # test_audit_weights.py
}
